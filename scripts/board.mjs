/** After this long without any output, a line of progress is written. */
const SILENCE_MS = 15_000;

/** What is written while steps are under way: their output and, after a silence, how far they are. */
export class Board {
  #write;
  #begun = performance.now();
  #saidAt = performance.now();
  /** Steps under way, with what tells how far they are. */
  #open = new Map();
  #timer = setInterval(() => this.#breakSilence(), 1_000);

  /** @param {(text: string) => void} write */
  constructor(write) {
    this.#write = write;
  }

  write(text) {
    this.#saidAt = performance.now();
    this.#write(text);
  }

  say(line) {
    this.write(`${line}\n`);
  }

  /** @param {(nowMs: number) => string} progress */
  begin(name, progress) {
    this.#open.set(name, progress);
  }

  end(name) {
    this.#open.delete(name);
  }

  close() {
    clearInterval(this.#timer);
  }

  #breakSilence() {
    const nowMs = performance.now();
    if (nowMs - this.#saidAt < SILENCE_MS) return;
    const seconds = Math.round((nowMs - this.#begun) / 1_000);
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    for (const [name, progress] of this.#open) this.say(`  ${time} ${name}: ${progress(nowMs)}`);
    if (this.#open.size === 0) this.say(`  ${time} waiting for what is being installed`);
  }
}
