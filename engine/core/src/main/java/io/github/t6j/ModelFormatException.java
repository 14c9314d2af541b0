package io.github.t6j;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Thrown when a file of a model, a session or training data is damaged or unsupported. The message names the file, the
 * problem, what was expected and found, and what to do.
 */
public final class ModelFormatException extends T6jException {
    private static final long serialVersionUID = 1L;

    /** Kind of a problem with a file. */
    public enum Kind {
        /** The file is damaged, incomplete, or contradicts another one: load it again from its source. */
        DAMAGED,
        /** The file is sound, but has a model, a type or an option that t6j does not support. */
        UNSUPPORTED
    }

    /** Kind of the problem. */
    private final Kind kind;
    private transient Path path; // null until the reader of the file sets it

    /** Creates an exception of a damaged file, whose message is complete. */
    public ModelFormatException(String message) {
        this(message, null);
    }

    /** Creates an exception of a damaged file, caused by another one. */
    public ModelFormatException(String message, Throwable cause) {
        this(Kind.DAMAGED, message, cause);
    }

    private ModelFormatException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** Returns an exception of an unsupported file, whose message is complete. */
    public static ModelFormatException unsupported(String message) {
        return new ModelFormatException(Kind.UNSUPPORTED, message, null);
    }

    /** Returns the same exception with the kind {@link Kind#UNSUPPORTED}. */
    public ModelFormatException asUnsupported() {
        return new ModelFormatException(Kind.UNSUPPORTED, getMessage(), getCause()).of(path);
    }

    /** Returns the kind of the problem. */
    public Kind kind() {
        return kind;
    }

    /** Returns the folder or file that was to be read, as the caller gave it; none if it was not read from a path. */
    public Optional<Path> path() {
        return Optional.ofNullable(path);
    }

    /**
     * Sets the path that was to be read, unless it is set.
     *
     * @return this exception
     */
    public ModelFormatException of(Path read) {
        path = path == null ? read : path;
        return this;
    }
}
