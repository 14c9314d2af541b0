package io.github.t6j.cli.io;

import io.github.t6j.cli.Main;
import java.io.IOException;
import java.util.Locale;

/** Question to the user at a terminal. */
public final class Question {
    private static final int LONGEST = 10;

    private Question() {}

    /** Asks, and returns true if the answer is yes. */
    public static boolean isAgreed(Main main, String question) {
        main.err.print(question);
        main.err.flush();
        StringBuilder answer = new StringBuilder();
        try {
            for (int c = main.in.read(); c >= 0 && c != '\n' && answer.length() < LONGEST; c = main.in.read()) {
                answer.append((char) c);
            }
        } catch (IOException e) {
            throw Errors.failure("standard input", "cannot be read", e);
        }
        String reply = answer.toString().strip().toLowerCase(Locale.ROOT);
        return reply.equals("y") || reply.equals("yes");
    }
}
