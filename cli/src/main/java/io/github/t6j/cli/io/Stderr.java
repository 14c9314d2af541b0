package io.github.t6j.cli.io;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Standard error for messages. The JVM warns there that the Vector API is an incubator module, before any of our code
 * runs and whatever its options. So bin/t6j starts it with a pipe as standard error, drops that line from it, and
 * passes the original at another descriptor. C's write writes to that descriptor: a file opened again as /dev/fd/3
 * would have its own position, from which other programs overwrite our output, and a socket cannot be opened again.
 */
public final class Stderr extends OutputStream {
    private final int descriptor;
    private MethodHandle write; // created for the first message, since most runs have none

    private Stderr(int descriptor) {
        this.descriptor = descriptor;
    }

    /** Opens the descriptor that system property t6j.stderr names, or else returns {@link System#err}. */
    public static PrintStream open() {
        Integer descriptor = Integer.getInteger("t6j.stderr");
        return descriptor == null ? System.err : new PrintStream(new Stderr(descriptor), true, System.err.charset());
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(Math.max(1, count));
            MemorySegment.copy(bytes, from, copy, ValueLayout.JAVA_BYTE, 0, count);
            for (long done = 0; done < count;) {
                long n = (long) handle().invokeExact(descriptor, copy.asSlice(done), count - done);
                if (n <= 0) {
                    throw new IOException("cannot write to descriptor " + descriptor);
                }
                done += n;
            }
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IOException(e);
        }
    }

    @SuppressWarnings("restricted")
    private MethodHandle handle() {
        if (write == null) {
            Linker linker = Linker.nativeLinker();
            write = linker.downcallHandle(
                    linker.defaultLookup().findOrThrow("write"),
                    FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS,
                            ValueLayout.JAVA_LONG));
        }
        return write;
    }
}
