/** Whether the command palette or the help overlay is open. */
class PaletteState {
  open = $state(false);
  help = $state(false);

  show(): void {
    this.help = false;
    this.open = true;
  }

  close(): void {
    this.open = this.help = false;
  }

  showHelp(): void {
    this.open = false;
    this.help = true;
  }
}

export const palette = new PaletteState();
