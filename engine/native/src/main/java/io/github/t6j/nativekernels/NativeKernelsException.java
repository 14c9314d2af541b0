package io.github.t6j.nativekernels;

import io.github.t6j.T6jException;

/** Refusal to load native kernels; the message gives the reason and the remedy. */
public final class NativeKernelsException extends T6jException {
    private static final long serialVersionUID = 1;

    NativeKernelsException(String message) {
        this(message, null);
    }

    NativeKernelsException(String message, Throwable cause) {
        super("native kernels: " + message, cause);
    }
}
