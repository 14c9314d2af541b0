package io.github.t6j.session;

/**
 * Nouns and advice for error messages of {@link ModelUse} and {@link SessionUse}, which also track FlashTPA's caches.
 *
 * @param model noun for the owner of memory and threads
 * @param session noun for an object that belongs to the owner
 * @param reload advice if the model is closed
 * @param reopen advice if the session is closed
 * @param inCall message if a call begins within another call of the same session
 * @param alone advice if two threads use one session
 */
public record UseWords(String model, String session, String reload, String reopen, String inCall, String alone) {
    /** Nouns and advice for a model and its sessions. */
    public static final UseWords MODEL = new UseWords(
            "model", "session", "load it again", "open a new one",
            "the session is in a call already: a listener may read, fork and save it,"
                    + " but not feed, truncate, restore or continue it",
            "give each thread its own session, for example from a prefix (freeze)");
}
