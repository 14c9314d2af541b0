package io.github.t6j;

/**
 * A model's files are not what they must be. The message says what is wrong, in which file, what was expected, what
 * was found and what to do.
 *
 * <p>The one type of this package that every other package may use: an error of a model's files means the same to the
 * user wherever it is found.
 */
public final class ModelFormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** An error with its whole story in {@code message}. */
    public ModelFormatException(String message) {
        super(message);
    }

    /** An error found by way of another one. */
    public ModelFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
