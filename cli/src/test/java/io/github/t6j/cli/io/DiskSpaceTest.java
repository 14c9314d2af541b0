package io.github.t6j.cli.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.cli.CommandResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Output that no disk holds is refused before the work, and leaves nothing. */
class DiskSpaceTest {
    private static final String MESSAGE = ": expected %s of free disk, found [\\d.]+ [kMGTPE]?B: free some, or choose a"
            + " place on another disk";

    @TempDir
    private Path folder;

    @Test
    void comparesTheSizeWithTheFreeSpace() throws IOException {
        Path file = folder.resolve("new/folder/file");
        DiskSpace.check(file, Files.getFileStore(folder).getUsableSpace() / 2);
        assertThatThrownBy(() -> DiskSpace.check(file, Long.MAX_VALUE)).isInstanceOf(CommandFailure.class)
                .hasMessageMatching(file + MESSAGE.formatted("9\\.2 EB"));
    }

    /** Two matrices of 2·10⁹ × 10⁶ elements, and little else. */
    @Test
    void initAsksForTheWholeFile() throws IOException {
        Path config = Files.writeString(folder.resolve("config.json"), """
                {"vocab_size": 2000000000, "block_size": 64, "n_layer": 1, "n_head": 2, "head_dim": 16, "n_embd": 1000000,
                 "rank": 2, "q_rank": 2}""");
        Path made = folder.resolve("made");
        CommandResult ran = CommandResult.of("init", "--config", config.toString(), "--out", made.toString(), "--dtype",
                "bf16");
        assertThat(ran.err())
                .matches("t6j: " + made.resolve("model.safetensors") + MESSAGE.formatted("4\\.0 PB") + "\n");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(made).doesNotExist();
    }
}
