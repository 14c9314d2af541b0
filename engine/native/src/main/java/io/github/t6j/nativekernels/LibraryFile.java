package io.github.t6j.nativekernels;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The library's file, named after the system and processor: in a folder, or a resource in the jar of this class. */
final class LibraryFile {
    private static final String BUILD = "mvn -P native package builds one with gcc or clang";

    private LibraryFile() {}

    /** Returns the name for this system, such as {@code linux-amd64/libt6j.so}. */
    private static String name() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        boolean mac = system.startsWith("mac");
        return (mac ? "macos" : system) + "-" + System.getProperty("os.arch") + "/libt6j." + (mac ? "dylib" : "so");
    }

    private static boolean isIn(Path folder) {
        return folder != null && Files.isRegularFile(folder.resolve(name()));
    }

    /** Returns true if a folder, which may be null, or the jar has a library for this system. */
    static boolean exists(Path folder) {
        return isIn(folder) || LibraryFile.class.getResource(name()) != null;
    }

    /** Loads the library in a folder, or else the one in the jar, and returns the names of its forms. */
    static List<String> load(Path folder) {
        if (isIn(folder)) {
            return Library.load(folder.resolve(name()));
        }
        try (InputStream in = LibraryFile.class.getResourceAsStream(name())) {
            if (in == null) {
                throw new NativeKernelsException("no library for this system: looked for " + name() + " in t6j-native"
                        + (folder == null ? "" : " and " + folder) + "; " + BUILD);
            }
            return unpack(in);
        } catch (IOException failure) {
            throw new NativeKernelsException("cannot unpack " + name() + ": " + failure, failure);
        }
    }

    /**
     * Loads the library from a new folder that only its owner can read. The systems that have such libraries keep a
     * removed file as long as it is in use.
     */
    private static List<String> unpack(InputStream in) throws IOException {
        Path folder = Files.createTempDirectory("t6j-native-");
        Path file = folder.resolve("libt6j");
        try {
            Files.copy(in, file);
            return Library.load(file);
        } finally {
            Files.deleteIfExists(file);
            Files.delete(folder);
        }
    }
}
