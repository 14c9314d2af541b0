package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.TestData;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class TokenCacheTest {
    private static final Tokenizer TOKENIZER = Tokenizer.load(TestData.path("tokenizers/bpe4096"));
    private static final int[] IDS = {583, 2886, 4095};

    @TempDir
    private Path folder;

    private Path text;
    private Path sibling;
    private Path userCache;

    @BeforeEach
    void write() throws IOException {
        text = Files.writeString(folder.resolve("whale.txt"), "The whale");
        sibling = folder.resolve("whale.txt.t6j-tokens");
        userCache = folder.resolve("home/t6j");
    }

    private int[] ids() {
        return ids(TOKENIZER);
    }

    private int[] ids(Tokenizer tokenizer) {
        try (TokenData data = TokenData.open(List.of(text), tokenizer, 65536 * 8, share -> {}, userCache)) {
            return TokenDataTest.all(data, 0);
        }
    }

    private ByteBuffer file() throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(sibling)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Replaces the first id in the cache, which shows whether the cache is used. */
    private void mark() throws IOException {
        Files.write(sibling, file().putShort(64, (short) 7).array());
    }

    @Test
    void bytesMatchTheDocumentedLayout() throws IOException {
        assertThat(ids()).isEqualTo(IDS);
        ByteBuffer file = file();
        assertThat(new String(file.array(), 0, 8)).isEqualTo("t6jtoken");
        assertThat(file.getInt(8)).isEqualTo(2);
        assertThat(file.getInt(12)).isEqualTo(2);
        assertThat(file.getLong(16)).isEqualTo(3);
        assertThat(file.getInt(24)).isEqualTo(4095);
        assertThat(file.getInt(28)).isZero();
        assertThat(file.capacity()).isEqualTo(64 + 6);
        assertThat(new int[] {file.getShort(64), file.getShort(66), file.getShort(68)}).isEqualTo(IDS);
        assertThat(userCache).doesNotExist();
    }

    @Test
    void theCacheIsUsedUntilTheTextOrTheTokenizerChanges() throws IOException {
        ids();
        mark();
        assertThat(ids()).containsExactly(7, 2886, 4095);

        int[] gpt2Ids = Tokenizer.gpt2().encode("The whale");
        assertThat(ids(Tokenizer.gpt2())).startsWith(gpt2Ids).endsWith(50256).hasSize(gpt2Ids.length + 1);
        assertThat(ids()).isEqualTo(IDS);

        mark();
        FileTime time = Files.getLastModifiedTime(text);
        Files.setLastModifiedTime(text, FileTime.fromMillis(time.toMillis() + 1));
        assertThat(ids()).isEqualTo(IDS);

        mark();
        time = Files.getLastModifiedTime(text);
        Files.writeString(text, "The whale.");
        Files.setLastModifiedTime(text, time);
        assertThat(ids()).hasSize(4);
    }

    @Test
    void aCopiedCacheOfAnotherTextIsNotUsed() throws IOException {
        ids();
        mark();
        Path other = Files.copy(text, folder.resolve("other.txt"));
        Files.setLastModifiedTime(other, Files.getLastModifiedTime(text));
        Files.copy(sibling, folder.resolve("other.txt.t6j-tokens"));
        text = other;
        assertThat(ids()).isEqualTo(IDS);
    }

    /** A cache with any byte of the header changed, or another length, is rebuilt silently. */
    @Test
    void aDamagedCacheIsRebuilt() throws IOException {
        ids();
        mark();
        byte[] marked = file().array();
        for (int at = 0; at < 64; at++) {
            boolean highest = at == 24 || at == 25; // still an id, and below the vocabulary
            byte[] damaged = marked.clone();
            damaged[at] ^= 1;
            Files.write(sibling, damaged);
            assertThat(ids()).as("byte %d", at).startsWith(highest ? 7 : 583);
        }
        for (int length : new int[] {0, 1, 31, 63, 64, 65, 66, 68, 69, 71, 72}) {
            Files.write(sibling, Arrays.copyOf(marked, length));
            assertThat(ids()).as("length %d", length).isEqualTo(IDS);
        }
    }

    @Test
    void theUsersCacheIsUsedIfTheFolderCannotHoldIt() throws IOException {
        Files.createDirectory(sibling);
        assertThat(ids()).isEqualTo(IDS);
        try (Stream<Path> files = Files.list(userCache)) {
            sibling = files.toList().getFirst();
        }
        assertThat(sibling.getFileName().toString()).matches("[0-9a-f]{32}\\.t6j-tokens");
        mark();
        assertThat(ids()).containsExactly(7, 2886, 4095);
    }

    @Test
    void theErrorNamesBothFoldersIfNeitherCanBeWritten() throws IOException {
        Files.createDirectory(sibling);
        Files.writeString(folder.resolve("home"), "in the way");
        assertThatThrownBy(this::ids).isInstanceOf(UncheckedIOException.class)
                .hasMessageStartingWith(text + ": its token ids can be written neither next to it nor to " + userCache
                        + " (XDG_CACHE_HOME selects another folder): ");
    }

    @Test
    void aFailureLeavesNoFile() throws IOException {
        Files.write(text, new byte[] {'a', (byte) 0xFF});
        assertThatThrownBy(this::ids).hasMessageContaining("expected UTF-8");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(text);
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void onlyTheOwnerMayReadTheCache() throws IOException {
        ids();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(sibling))).isEqualTo("rw-------");
    }

    /** The tokenizer has more ids than fit into two bytes. */
    @Test
    void wideIdsHaveFourBytes() throws IOException {
        Tokenizer wide = WideTokenizer.write(folder.resolve("wide"), 70_000);
        Files.writeString(text, "the x69999x the");
        int[] ids = ids(wide);
        assertThat(ids).isEqualTo(wide.encodeWithSpecialTokens("the x69999x the<|endoftext|>")).contains(257 + 69_999);
        assertThat(file().getInt(12)).isEqualTo(4);
        assertThat(ids(wide)).isEqualTo(ids);
    }
}
