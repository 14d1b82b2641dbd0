import { formatTime, knownZone, type TimeStyle } from "$lib/time";

/** The zone in which times are shown. */
class Zone {
  name = $state("UTC");
  /** Ticks every half minute, so that ages and clocks move on. */
  now = $state(Date.now());

  set(name: string): void {
    this.name = knownZone(name) ? name : "UTC";
  }

  format(value: string | number | Date, style?: TimeStyle): string {
    return formatTime(value, this.name, style);
  }

  start(): () => void {
    const timer = setInterval(() => (this.now = Date.now()), 30_000);
    return () => clearInterval(timer);
  }
}

export const zone = new Zone();
