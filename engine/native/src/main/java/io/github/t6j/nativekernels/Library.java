package io.github.t6j.nativekernels;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The functions of the C library, whose first one is loaded for the life of the JVM. Callers check all bounds. Calls
 * are critical: they pass arrays of the heap without copies and hold up some garbage collectors, so they must be short.
 */
@SuppressWarnings("restricted") // NativeKernels checks that access is enabled
final class Library {
    /** Version of the functions and layouts, as in t6j.c. */
    private static final int VERSION = 1;

    private static SymbolLookup symbols; // guarded by the class
    private static List<String> forms;

    private Library() {}

    /** Handles that the JIT compiles to direct calls, since they are constants. */
    private static final class Handles {
        static final MethodHandle ROUND = critical("t6j_round",
                FunctionDescriptor.ofVoid(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
        static final MethodHandle MULTIPLY = critical("t6j_multiply", FunctionDescriptor.ofVoid(
                JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_FLOAT, ADDRESS,
                JAVA_INT, JAVA_INT));
        static final MethodHandle DOTS =
                critical("t6j_dots", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));

        private static MethodHandle critical(String name, FunctionDescriptor function) {
            return Library.handle(symbols, name, function, Linker.Option.critical(true));
        }
    }

    /** Returns the names of the forms of the library if one is loaded, or else null. */
    static synchronized List<String> loaded() {
        return forms;
    }

    /**
     * Loads the library unless one is loaded, and returns the names of the forms that this processor can run, the
     * fastest first.
     *
     * @throws NativeKernelsException if the file is not a library of this version for this system and processor
     */
    static synchronized List<String> load(Path file) {
        if (forms != null) {
            return forms;
        }
        try {
            SymbolLookup found = SymbolLookup.libraryLookup(file, Arena.global());
            int version = (int) handle(found, "t6j_version", FunctionDescriptor.of(JAVA_INT)).invokeExact();
            if (version != VERSION) {
                throw new NativeKernelsException("expected version " + VERSION + " of the library, found " + version
                        + "; build it again with mvn -P native package");
            }
            int count = (int) handle(found, "t6j_forms", FunctionDescriptor.of(JAVA_INT)).invokeExact();
            MethodHandle name = handle(found, "t6j_name", FunctionDescriptor.of(ADDRESS, JAVA_INT));
            List<String> names = new ArrayList<>();
            for (int form = 0; form < count; form++) {
                MemorySegment text = (MemorySegment) name.invokeExact(form);
                names.add(text.reinterpret(64).getString(0));
            }
            symbols = found;
            forms = List.copyOf(names);
            return forms;
        } catch (NativeKernelsException refusal) {
            throw refusal;
        } catch (Throwable failure) {
            throw new NativeKernelsException("the library does not fit this system: " + failure.getMessage()
                    + "; build it here with mvn -P native package", failure);
        }
    }

    private static MethodHandle handle(
            SymbolLookup from, String name, FunctionDescriptor function, Linker.Option... options) {
        return Linker.nativeLinker().downcallHandle(from.findOrThrow(name), function, options);
    }

    /** Rounds {@code count} elements of {@code x}, from {@code xAt}, to blocks from byte {@code toAt}. */
    static void round(int form, float[] x, int xAt, int count, byte[] to, int toAt) {
        try {
            Handles.ROUND.invokeExact(
                    form, MemorySegment.ofArray(x), xAt, count, MemorySegment.ofArray(to), toAt);
        } catch (Throwable unexpected) {
            throw new AssertionError(unexpected);
        }
    }

    /** Multiplies a panel of weights of a type, from byte {@code wAt}, by rows from byte {@code xAt}. */
    static void multiply(
            int form, int type, byte[] x, int xAt, int rows, int blocks, MemorySegment w, long wAt, float unit,
            float[] y, int yAt, int yStride) {
        try {
            Handles.MULTIPLY.invokeExact(
                    form, type, MemorySegment.ofArray(x), xAt, rows, blocks, w, wAt, unit, MemorySegment.ofArray(y),
                    yAt, yStride);
        } catch (Throwable unexpected) {
            throw new AssertionError(unexpected);
        }
    }

    /** Computes dot products of bytes and returns their number of operations, two for each multiply-add. */
    static long dots(int form, int count) {
        try {
            return (long) count * (int) Handles.DOTS.invokeExact(form, count);
        } catch (Throwable unexpected) {
            throw new AssertionError(unexpected);
        }
    }
}
