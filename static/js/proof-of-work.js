// Sends the request by itself once a small task is solved: find a number with which the SHA-256 of `ticket:number`
// begins with enough zero bits. The page works without this; people then wait and press the button again.
"use strict";
(() => {
  const K = new Uint32Array(64);
  const START = new Uint32Array(8);
  // The constants of SHA-256 are the first 32 bits of the fractions of the roots of the first primes (FIPS 180-4).
  for (let candidate = 2, found = 0; found < 64; candidate++) {
    let divisor = 2;
    while (candidate % divisor) divisor++;
    if (divisor < candidate) continue;
    if (found < 8) START[found] = (Math.sqrt(candidate) % 1) * 2 ** 32;
    K[found++] = (Math.cbrt(candidate) % 1) * 2 ** 32;
  }

  const words = new Uint32Array(64);
  const turn = (value, by) => (value >>> by) | (value << (32 - by));

  // Takes one block of 64 bytes into the state.
  function block(state, view, offset) {
    for (let i = 0; i < 16; i++) words[i] = view.getUint32(offset + i * 4);
    for (let i = 16; i < 64; i++) {
      const a = words[i - 15];
      const b = words[i - 2];
      words[i] =
        words[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + words[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
    }
    let a = state[0] | 0, b = state[1] | 0, c = state[2] | 0, d = state[3] | 0;
    let e = state[4] | 0, f = state[5] | 0, g = state[6] | 0, h = state[7] | 0;
    for (let i = 0; i < 64; i++) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + words[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }

  const proof = document.querySelector("[name=proof]");
  const text = new TextEncoder().encode(document.querySelector("[name=ticket]").value + ":00000000");
  const bits = Number(proof.dataset.bits);
  // The text with its padding. Only the eight digits change, so the blocks before them are hashed once.
  const bytes = new Uint8Array((((text.length + 8) >> 6) + 1) * 64);
  const view = new DataView(bytes.buffer);
  const digits = text.length - 8;
  const changing = digits - (digits % 64);
  bytes.set(text);
  bytes[text.length] = 0x80;
  view.setUint32(bytes.length - 4, text.length * 8);
  for (let offset = 0; offset < changing; offset += 64) block(START, view, offset);

  const state = new Uint32Array(8);
  function isSolved() {
    state.set(START);
    for (let offset = changing; offset < bytes.length; offset += 64) block(state, view, offset);
    return state[0] >>> (32 - bits) === 0;
  }

  function countUp() {
    let at = text.length - 1;
    while (++bytes[at] > 57) bytes[at--] = 48; // after "9" comes "0", and one more in front
  }

  (function someMore() {
    for (let tries = 0; tries < 10000; tries++) {
      if (isSolved()) {
        proof.value = String.fromCharCode(...bytes.subarray(digits, text.length));
        proof.form.submit();
        return;
      }
      countUp();
    }
    setTimeout(someMore); // the page stays alive between two rounds
  })();

  // Pressing the button meanwhile would begin all of it anew.
  proof.form.addEventListener("submit", (event) => proof.value || event.preventDefault());
  document.getElementById("by-hand").hidden = true;
  document.getElementById("working").hidden = false;
})();
