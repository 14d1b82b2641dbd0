export const themes = ["system", "light", "dark"] as const;
export type ThemeName = (typeof themes)[number];

/** Light, dark, or as the system says. */
class Theme {
  name = $state<ThemeName>("system");

  set(name: string): void {
    this.name = (themes as readonly string[]).includes(name) ? (name as ThemeName) : "system";
    document.documentElement.style.colorScheme = this.name === "system" ? "light dark" : this.name;
  }
}

export const theme = new Theme();
