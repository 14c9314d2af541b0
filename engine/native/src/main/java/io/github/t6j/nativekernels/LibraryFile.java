package io.github.t6j.nativekernels;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** The library's file, named after the system and processor: in a folder, or a resource in the jar of this class. */
final class LibraryFile {
    private LibraryFile() {}

    /** Returns the name of this system, such as {@code linux-amd64}. */
    static String system() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        return (system.startsWith("mac") ? "macos" : system) + "-" + System.getProperty("os.arch");
    }

    private static String name() {
        return system() + "/libt6j." + (system().startsWith("macos") ? "dylib" : "so");
    }

    /** Returns advice for a system without a library. */
    static String advice(String system) {
        return system.matches("linux-(amd64|aarch64)|macos-(x86_64|aarch64)")
                ? "mvn -P native package builds one with gcc or clang"
                : "one can be built only for Linux and macOS on x86-64 and arm64; Java's kernels give the same bits";
    }

    private static boolean isIn(Path folder) {
        return folder != null && Files.isRegularFile(folder.resolve(name()));
    }

    /** Returns true if a folder, which may be null, or the jar has a library for this system. */
    static boolean exists(Path folder) {
        return isIn(folder) || LibraryFile.class.getResource(name()) != null;
    }

    /** Loads the library in a folder, or else the one in the jar, unless one is loaded, and returns its forms' names. */
    static List<String> load(Path folder) {
        List<String> loaded = Library.loaded();
        if (loaded != null) {
            return loaded;
        }
        if (isIn(folder)) {
            return Library.load(folder.resolve(name()));
        }
        try (InputStream in = LibraryFile.class.getResourceAsStream(name())) {
            if (in == null) {
                throw new NativeKernelsException("no library for this system: looked for " + name() + " in t6j-native"
                        + (folder == null ? "" : " and " + folder) + "; " + advice(system()));
            }
            return unpack(in, Library::load);
        } catch (IOException failure) {
            throw new NativeKernelsException("cannot unpack " + name() + ": " + failure, failure);
        }
    }

    /**
     * Loads the library from a new folder that only its owner can read. The systems that have such libraries keep a
     * removed file as long as it is in use.
     */
    static List<String> unpack(InputStream in, Function<Path, List<String>> load) throws IOException {
        Path folder = Files.createTempDirectory("t6j-native-");
        Path file = folder.resolve("libt6j");
        try {
            Files.copy(in, file);
            return load.apply(file);
        } finally {
            Files.deleteIfExists(file);
            Files.delete(folder);
        }
    }
}
