package io.github.t6j.cli.template;

/**
 * A piece of a template.
 *
 * @param text of a string without quotes and escapes; of an end, how it is written
 * @param line where it begins, from 1
 */
record Token(Kind kind, String text, int line) {
    enum Kind {
        /** What is printed as it is. */
        DATA,
        PRINT_BEGIN,
        PRINT_END,
        BLOCK_BEGIN,
        BLOCK_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        /** Of the template. */
        END
    }

    boolean is(Kind kind, String text) {
        return this.kind == kind && this.text.equals(text);
    }

    /** For messages. */
    String described() {
        return switch (kind) {
            case DATA -> "text";
            case STRING -> "a string";
            case END -> "the end of the template";
            default -> "'" + text + "'";
        };
    }
}
