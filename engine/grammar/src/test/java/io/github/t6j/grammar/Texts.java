package io.github.t6j.grammar;

import java.nio.charset.StandardCharsets;

/** Whole texts in a grammar. */
final class Texts {
    private Texts() {}

    /** Returns true if {@code text} matches, byte by byte. */
    static boolean matches(Grammar grammar, String text) {
        Parser.State state = after(grammar, text);
        return !state.isDead() && state.mayEnd();
    }

    static boolean mayBegin(Grammar grammar, String text) {
        return !after(grammar, text).isDead();
    }

    private static Parser.State after(Grammar grammar, String text) {
        Parser.State state = grammar.parser().start();
        for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
            state = grammar.parser().next(state, value & 0xFF);
        }
        return state;
    }
}
