interface Question {
  readonly asked: Promise<void>;
  readonly ask: () => void;
}

const questions = new WeakMap<object, Question>();

/**
 * Waits until SciCat is being asked who makes this request: whoever asks it something else for the
 * same token at the same time must not do so for a token that the first question is not worth. For
 * ever, if it never is.
 */
export function scicatIsAsked(request: object): Promise<void> {
  return questionOf(request).asked;
}

/** Lets those go on who wait in {@link scicatIsAsked}. May be called twice. */
export function noteScicatIsAsked(request: object): void {
  questionOf(request).ask();
}

function questionOf(request: object): Question {
  const known = questions.get(request);
  if (known !== undefined) return known;
  let ask: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (ask = resolve));
  const question = { asked, ask };
  questions.set(request, question);
  return question;
}
