package io.github.t6j.cli.serve;

import java.util.function.ToIntFunction;

/** Check of long prompts, which are not encoded whole if they cannot fit into the context. */
final class PromptLength {
    /** Length of texts that are encoded without this check, in characters. */
    private static final int SHORT = 1 << 16;
    /** Beginning that is encoded first, in characters for each token of the context: several times a usual text's. */
    private static final int CHARACTERS_PER_TOKEN = 16;
    /** Tokens that the cut at the end of a beginning may add. */
    private static final int SLACK = 1024;

    private PromptLength() {}

    /**
     * Encodes longer and longer beginnings of a long text, until one has more tokens than the context.
     *
     * @param field name of the field in errors
     * @param tokens returns the number of tokens of a text
     * @throws ApiException if the text is too long
     */
    static void check(String field, String text, int context, ToIntFunction<String> tokens) {
        for (long length = Math.max(SHORT, (long) CHARACTERS_PER_TOKEN * context); length < text.length();
                length *= 4) {
            int end = (int) length - (Character.isHighSurrogate(text.charAt((int) length - 1)) ? 1 : 0);
            if (tokens.applyAsInt(text.substring(0, end)) > context + SLACK) {
                throw ApiException.tooLong(field, context);
            }
        }
    }
}
