/** The incident the user works on: looked at last, or pinned to last. */
class CurrentIncident {
  id = $state<string | null>(null);
}

export const current = new CurrentIncident();
