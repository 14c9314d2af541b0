package io.github.t6j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Links, pipes and permissions on POSIX systems. */
@DisabledOnOs(OS.WINDOWS)
class ReplacementTest {
    @TempDir
    private Path folder;

    private static void write(Path file, boolean ownerOnly, String text) throws IOException {
        Replacement.of(file, ownerOnly).write(
                channel -> channel.write(StandardCharsets.UTF_8.encode(text)));
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void aNewFileMayBePrivateAndAnOldOneKeepsItsPermissions() throws IOException {
        Path file = folder.resolve("session");
        write(file, true, "one");
        assertThat(permissions(file)).isEqualTo("rw-------");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        write(file, true, "two");
        assertThat(permissions(file)).isEqualTo("rw-r-----");
        assertThat(file).hasContent("two");
        assertThat(Files.list(folder).toList()).containsExactly(file);
    }

    /** A partial file that no process has locked was left by a killed process. */
    @Test
    void remainsOfAKilledProcessAreRemoved() throws IOException {
        Path file = folder.resolve("session");
        Path left = Files.writeString(folder.resolve("session.t6j-1f2e.partial"), "half");
        Path others = Files.writeString(folder.resolve("other.t6j-1f2e.partial"), "half");
        write(file, false, "new");
        assertThat(file).hasContent("new");
        assertThat(left).doesNotExist();
        assertThat(others).exists();
    }

    @Test
    void aFileBeingWrittenStays() throws IOException {
        Path file = folder.resolve("session");
        Replacement.of(file, false).write(channel -> {
            channel.write(StandardCharsets.UTF_8.encode("outer"));
            write(file, false, "inner");
            assertThat(file).hasContent("inner");
            assertThat(Files.list(folder)).hasSize(2);
        });
        assertThat(file).hasContent("outer");
        assertThat(Files.list(folder)).containsExactly(file);
    }

    @Test
    void symbolicLinksAreFollowed() throws IOException {
        Path file = Files.createDirectory(folder.resolve("there")).resolve("session");
        Files.writeString(file, "old");
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("there", "session"));
        Path linked = Files.createSymbolicLink(folder.resolve("linked"), link);
        write(linked, true, "new");
        assertThat(Files.isSymbolicLink(linked)).isTrue();
        assertThat(Files.isSymbolicLink(link)).isTrue();
        assertThat(file).hasContent("new");
        Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), Path.of("there", "made"));
        write(dangling, true, "made");
        assertThat(folder.resolve("there/made")).hasContent("made");
        Path loop = folder.resolve("loop");
        Files.createSymbolicLink(loop, loop);
        assertThatThrownBy(() -> write(loop, true, "never")).isInstanceOf(FileSystemException.class);
    }

    @Test
    void onlyRegularFilesAreReplaced() throws IOException, InterruptedException {
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder(List.of("mkfifo", pipe.toString())).start().waitFor()).isZero();
        assertThatThrownBy(() -> write(pipe, false, "never")).isInstanceOf(FileSystemException.class)
                .hasMessageContaining("pipe: expected a regular file or a new name, found a device, a pipe");
        assertThat(Files.isRegularFile(pipe)).isFalse();
        assertThatThrownBy(() -> write(folder, false, "never")).hasMessageContaining("found a folder");
        assertThatThrownBy(() -> write(folder.resolve("no/file"), false, "never"))
                .isInstanceOf(NoSuchFileException.class);
    }
}
