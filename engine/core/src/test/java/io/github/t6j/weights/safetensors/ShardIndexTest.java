package io.github.t6j.weights.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.HandMadeFiles;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Indexes with duplicate tensors, and files too large for an index; CheckpointTest has the other cases. */
class ShardIndexTest {
    private static final String V = "\"v\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}";
    private static final String W = "\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}";

    @TempDir
    Path folder;

    private Path writeIndex(String weightMap) throws IOException {
        return Files.writeString(folder.resolve("model.safetensors.index.json"), "{\"weight_map\":" + weightMap);
    }

    private void assertRefused(String... expected) {
        assertThatThrownBy(() -> Checkpoint.open(folder, true)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith(folder.toString()).hasMessageContainingAll(expected);
    }

    @Test
    void aTensorInTwoShardsIsAnError() throws IOException {
        Files.write(folder.resolve("a.safetensors"), HandMadeFiles.safetensors("{" + W.replace("1,2", "0,1") + "}", 1));
        Files.write(folder.resolve("b.safetensors"), HandMadeFiles.safetensors("{" + V + "," + W + "}", 1, 2));
        writeIndex("{\"w\":\"a.safetensors\",\"v\":\"b.safetensors\"}}");
        assertRefused("b.safetensors", "duplicate tensor w");
        writeIndex("{\"w\":\"a.safetensors\",\"v\":\"b.safetensors\",\"w\":\"b.safetensors\"}}");
        assertRefused("index.json", "each key once", "\"w\"");
        writeIndex("{\"v\":\"b.safetensors\",\"w\":\"b.safetensors\"}}");
        try (Checkpoint checkpoint = Checkpoint.open(folder, false)) {
            assertThat(checkpoint.files()).as("a shard with two tensors is read once").hasSize(1);
        }
    }

    /** A sparse file with more bytes than an array can hold. */
    @Test
    void anIndexOfGigabytesIsRefused() throws IOException {
        try (FileChannel channel = FileChannel.open(writeIndex("{}"), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {'}'}), 3_000_000_000L);
        }
        assertRefused("index.json", "at most 100000000 bytes", "3000000001");
    }
}
