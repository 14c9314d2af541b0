package io.github.t6j;

/**
 * Thrown when a file of a model, a session or training data is damaged or unsupported. The message gives the file, the
 * problem, what was expected, what was found and what to do.
 *
 * <p>Every other package may use this type, since such an error means the same to the user wherever it is found.
 */
public final class ModelFormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception whose message is complete. */
    public ModelFormatException(String message) {
        super(message);
    }

    /** Creates an exception caused by another one. */
    public ModelFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
