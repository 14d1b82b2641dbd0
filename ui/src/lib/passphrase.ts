/** Shorter ones are refused before anything is asked; how easily one is guessed the Rust side judges. */
export const shortest = 12;

/** What is wrong with a passphrase that is chosen now and typed twice. */
export function chosenFaults(passphrase: string, again: string) {
  return {
    passphrase:
      [...passphrase].length >= shortest
        ? null
        : `Use at least ${shortest} characters; four words that have nothing to do with each other are best.`,
    again: again === passphrase ? null : "The two passphrases differ.",
  };
}
