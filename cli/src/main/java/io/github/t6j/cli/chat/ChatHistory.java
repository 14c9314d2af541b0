package io.github.t6j.cli.chat;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/** The file with the lines typed in chats, readable by its owner only. */
final class ChatHistory {
    private ChatHistory() {}

    /** Returns $XDG_STATE_HOME/t6j/history, or the system's counterpart. */
    static Path file(Map<String, String> environment, Path home) {
        return stateFolder(environment, home).resolve("t6j").resolve("history");
    }

    private static Path stateFolder(Map<String, String> environment, Path home) {
        for (String variable : new String[] {"XDG_STATE_HOME", "LOCALAPPDATA"}) {
            String value = environment.getOrDefault(variable, "");
            if (!value.isEmpty() && Path.of(value).isAbsolute()) {
                return Path.of(value);
            }
        }
        return home.resolve(".local").resolve("state");
    }

    /** Creates {@code file} and its folder if they do not exist. @throws IOException if they cannot be created */
    static void create(Path file) throws IOException {
        Files.createDirectories(file.getParent(), permissions("rwx------"));
        if (!Files.exists(file)) {
            Files.createFile(file, permissions("rw-------"));
        }
    }

    private static FileAttribute<?>[] permissions(String permissions) {
        boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }
}
