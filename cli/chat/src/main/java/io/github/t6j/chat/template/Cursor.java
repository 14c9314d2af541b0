package io.github.t6j.chat.template;

import io.github.t6j.chat.template.TemplateToken.Kind;
import java.util.List;
import java.util.Set;

/** Position of a parser in its tokens. */
final class Cursor {
    /** Largest nesting of brackets and blocks. */
    private static final int NESTING = 60;
    private static final Set<String> RESERVED =
            Set.of("and", "or", "not", "in", "is", "if", "else", "elif", "for", "true", "True", "false", "False",
                    "none",
                    "None");

    private final List<TemplateToken> tokens;
    private int at;
    private int nesting;

    Cursor(List<TemplateToken> tokens) {
        this.tokens = tokens;
    }

    TemplateToken token() {
        return tokens.get(at);
    }

    /** Returns the token after the current one. */
    TemplateToken next() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    TemplateToken advance() {
        TemplateToken token = token();
        at = Math.min(at + 1, tokens.size() - 1);
        return token;
    }

    boolean sees(Kind kind) {
        return token().kind() == kind;
    }

    boolean seesOperator(String operator) {
        return token().is(Kind.OPERATOR, operator);
    }

    boolean operator(String operator) {
        return accept(token().is(Kind.OPERATOR, operator));
    }

    boolean word(String word) {
        return accept(token().is(Kind.NAME, word));
    }

    private boolean accept(boolean it) {
        if (it) {
            advance();
        }
        return it;
    }

    TemplateToken expect(Kind kind, String expected) {
        if (!sees(kind)) {
            throw expected(expected);
        }
        return advance();
    }

    void expectOperator(String operator) {
        if (!operator(operator)) {
            throw expected("'" + operator + "'");
        }
    }

    void expectEnd() {
        expect(Kind.BLOCK_END, "%}");
    }

    /** Returns a name that can be bound. */
    String variable() {
        if (RESERVED.contains(token().text())) {
            throw expected("a name");
        }
        return expect(Kind.NAME, "a name").text();
    }

    Fault expected(String expected) {
        return new Fault("expected " + expected + ", found " + token().described());
    }

    /** Enters brackets or a block, until {@link #leave}. */
    void enter() {
        if (++nesting > NESTING) {
            throw new Fault("expected at most " + NESTING + " levels of nesting, found more");
        }
    }

    void leave() {
        nesting--;
    }
}
