package io.github.t6j.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory that one thread will read next. Products of several rows are bound by arithmetic; now and then they read a byte
 * here and there of it, so that it comes from memory while they compute. Otherwise a processor fetches ahead only where a
 * thread reads on and on, and Java has no instruction that asks for it.
 *
 * <pre>
 *   reads        1st  5th  …  2nd  6th  …  3rd  7th  …  4th  8th  …
 *   cache line   0    1    …  128  129  …  256  257  …  384  385  …      8 KB are 128 lines
 * </pre>
 *
 * <p>A read that misses stops all that comes after it for the time that memory takes. So each piece of {@value #STREAM}
 * bytes is a stream of its own: the misses of all of them are under way at once, and after two or three lines the
 * processor fetches each ahead by itself. One line after the other gained nothing (ADR 26).
 */
public final class Prefetcher {
    /** Bytes from one read to the next: of 1, 2, 4, 8 and 16 KB, the best for pages of 24 to 100 KB. */
    public static final int STREAM = 8192;

    private static final int LINE = 64;
    private static final MemorySegment NOTHING = Arena.global().allocate(LINE, LINE);

    /** What is read. */
    public MemorySegment data = NOTHING;

    /** The byte that is read next, below {@link #end}. */
    public int at;

    /** At or after it a read goes {@link #back} bytes back. */
    public int end = STREAM;

    /** From the first byte of the last stream's next line back to that of the first stream. */
    public int back = STREAM;

    /** What was read, added up: somebody might look at it, so compilers do not leave the reads out. */
    public int touched;

    /** Begins with {@code next}, what was to be read before is given up. Data that is shorter than two streams is not read. */
    public void read(MemorySegment next) {
        int streams = (int) Math.min(next.byteSize() / STREAM, Integer.MAX_VALUE / STREAM);
        if (streams < 2) {
            nothing();
            return;
        }
        data = next;
        end = streams * STREAM;
        back = end - LINE;
        at = 0;
    }

    /** There is nothing to read: kernels touch one byte again and again, and change no field, so threads may share this. */
    public void nothing() {
        data = NOTHING;
        end = STREAM;
        back = STREAM;
        at = 0;
    }
}
