//! Text of strangers that would act on a terminal, a log or the window.
