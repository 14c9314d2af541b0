package io.github.t6j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;

/**
 * Where messages go. The JVM warns on stderr that the Vector API is an incubator module, before any code of ours runs
 * and whatever its options; so bin/t6j starts it with stderr at /dev/null and the real one at another descriptor.
 */
final class Stderr {
    private Stderr() {}

    /** The stream of the descriptor that system property t6j.stderr names, else {@link System#err}. */
    static PrintStream open() throws IOException {
        Integer number = Integer.getInteger("t6j.stderr");
        return number == null ? System.err : new PrintStream(stream(number), true, System.err.charset());
    }

    /**
     * Opening /dev/fd/3 is second best: on Linux that gives a file a second position, from which other programs
     * overwrite our messages, and it fails for sockets. The descriptor itself needs java.io to be open to this module.
     */
    private static FileOutputStream stream(int number) throws IOException {
        try {
            Constructor<FileDescriptor> constructor = FileDescriptor.class.getDeclaredConstructor(int.class);
            constructor.setAccessible(true);
            return new FileOutputStream(constructor.newInstance(number));
        } catch (ReflectiveOperationException | InaccessibleObjectException e) {
            return new FileOutputStream("/dev/fd/" + number, true);
        }
    }
}
