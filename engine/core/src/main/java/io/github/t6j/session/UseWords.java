package io.github.t6j.session;

/**
 * Terms for the messages of {@link ModelUse} and {@link SessionUse}, which also track FlashTPA and its caches.
 *
 * @param model name of what owns the memory and the threads
 * @param session name of what belongs to it
 * @param reload advice if the model is closed
 * @param reopen advice if the session is closed
 * @param inCall message if a call begins another one of the same session
 * @param alone advice if two threads use one session
 */
public record UseWords(String model, String session, String reload, String reopen, String inCall, String alone) {
    /** Terms for a model and its sessions. */
    public static final UseWords MODEL = new UseWords(
            "model", "session", "load it again", "open a new one",
            "the session is in a call already: a listener may read, fork and save it,"
                    + " but not feed, truncate, restore or continue it",
            "give each thread a session of its own, for example from a prefix (freeze)");
}
