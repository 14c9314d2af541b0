package io.github.t6j.chat.template;

/**
 * A token of a template.
 *
 * @param text text; of a string without quotes and escapes, of an end as it is written
 * @param line line where it begins, from 1
 */
record TemplateToken(Kind kind, String text, int line) {
    enum Kind {
        /** Text that is printed unchanged. */
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
        /** End of the template. */
        END
    }

    boolean is(Kind kind, String text) {
        return this.kind == kind && this.text.equals(text);
    }

    /** Returns a description for messages. */
    String described() {
        return switch (kind) {
            case DATA -> "text";
            case STRING -> "a string";
            case END -> "the end of the template";
            default -> "'" + text + "'";
        };
    }
}
