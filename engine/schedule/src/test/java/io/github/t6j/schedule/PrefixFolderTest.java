package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.family.VariantName;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Prefixes on disk save time and change no result, whatever happens to their files. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PrefixFolderTest {
    private static final Path TESTDATA = Path.of(System.getProperty("t6j.testdata"));
    private static final long SEED = 91;
    private static final long PLENTY = 1L << 30;
    private static final int CONTEXT = 1000;
    private static final int VOCABULARY = 4096;

    private final int[] document = new Random(SEED).ints(700, 0, VOCABULARY).toArray();
    private Model model;

    @TempDir
    private Path temporary;

    @BeforeAll
    void load() {
        model = Model.load(TESTDATA.resolve("models/t6-tiny"), ModelOptions.defaults().withThreads(2));
    }

    @AfterAll
    void close() {
        model.close();
    }

    private Path folder() {
        return temporary.resolve("prefixes");
    }

    private SchedulerOptions options(long maxBytes) {
        return SchedulerOptions.defaults().withCacheBytes(PLENTY).withPrefixFolder(folder(), maxBytes)
                .withSession(SessionOptions.defaults().withContextLength(CONTEXT));
    }

    @Test
    void aNegativeSizeIsNamed() {
        assertThatThrownBy(() -> options(-1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxBytes: expected 0 or more, found -1");
    }

    private static GenerationOptions ten(long seed) {
        return GenerationOptions.defaults().withMaxTokens(10).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.defaults().withSeed(seed));
    }

    /** Returns the first {@code length} ids of the document, and some of a question. */
    private int[] ask(int length, int... question) {
        return IntStream.concat(Arrays.stream(document, 0, length), Arrays.stream(question)).toArray();
    }

    /** Continues prompts at once in a scheduler of their own. @return how many ids of each were found */
    private int[] found(Model of, SchedulerOptions options, int[]... prompts) {
        try (Scheduler scheduler = new Scheduler(of, options)) {
            List<GenerationHandle> handles = new ArrayList<>();
            for (int[] prompt : prompts) {
                handles.add(scheduler.submit(Prompt.of(prompt), ten(handles.size())));
            }
            for (int i = 0; i < prompts.length; i++) {
                Generation found = handles.get(i).result().join();
                try (Session session = of.newSession(options.session())) {
                    Generation alone = session.generate(Prompt.of(prompts[i]), ten(i));
                    assertThat(found.tokens()).as("seed " + SEED + ", prompt " + i).isEqualTo(alone.tokens());
                }
            }
            return handles.stream().mapToInt(GenerationHandle::cachedTokens).toArray();
        }
    }

    private int found(int[] prompt) {
        return found(model, options(PLENTY), prompt)[0];
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder())) {
            return files.sorted().toList();
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aPromptIsFoundAgainAfterARestart() throws IOException {
        assertThat(found(ask(700, 1, 2, 3))).isZero();
        assertThat(files()).hasSize(1);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder()))).isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(files().getFirst())))
                .isEqualTo("rw-------");
        assertThat(found(ask(700, 7, 8))).as("whole passes of 700").isEqualTo(640);
        assertThat(found(ask(300, 9))).as("as far as it agrees").isEqualTo(256);
        assertThat(found(ask(100, 9))).as("too short for a file").isZero();
        assertThat(files()).as("half of each was saved").hasSize(1);
    }

    @Test
    void manyThatWaitForOneFile() {
        assertThat(found(ask(700, 1))).isZero();
        int[][] prompts = IntStream.range(0, 12).mapToObj(i -> ask(690 - i, i)).toArray(int[][]::new);
        assertThat(found(model, options(PLENTY), prompts)).containsOnly(640);
    }

    @Test
    void shortPromptsAreNotSaved() throws IOException {
        assertThat(found(ask(250))).isZero();
        assertThat(files()).isEmpty();
    }

    @Test
    void anotherProcessSeesThem() {
        try (Scheduler other = new Scheduler(model, options(PLENTY))) {
            assertThat(found(ask(700, 1))).isZero();
            GenerationHandle handle = other.submit(Prompt.of(ask(700, 2)), ten(0));
            handle.result().join();
            assertThat(handle.cachedTokens()).isEqualTo(640);
        }
    }

    /** The file of the prompt that was used last stays. */
    @Test
    void theLeastRecentlyUsedGo() throws IOException {
        int[] other = new Random(SEED + 1).ints(700, 0, VOCABULARY).toArray();
        int[] unsaved = new Random(SEED + 2).ints(700, 0, VOCABULARY).toArray();
        found(document);
        long bytes = Files.size(files().getFirst());
        long max = bytes * 5 / 2;
        found(model, options(max), other);
        for (Path file : files()) { // both are old
            Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(1000)));
        }
        assertThat(found(model, options(max), document)[0]).isEqualTo(640);
        found(model, options(max), unsaved);
        assertThat(files()).hasSize(2);
        assertThat(found(document)).isEqualTo(640);
        assertThat(found(unsaved)).isEqualTo(640);
        assertThat(found(model, options(bytes / 2), other)).as("it was removed").containsExactly(0);
        assertThat(files()).as("no file is small enough").isEmpty();
    }

    @Test
    void foreignFilesStay() throws IOException {
        Files.createDirectory(folder());
        Path weights = Files.writeString(folder().resolve("model.safetensors"), "mine");
        found(model, options(1), document);
        assertThat(files()).containsExactly(weights);
    }

    /** Any flipped bit is noticed; the prompt is computed. */
    @ParameterizedTest
    @ValueSource(doubles = {0.0001, 0.02, 0.5, 0.9999})
    void aDamagedFileIsRemoved(double place) throws IOException {
        found(document);
        Path file = files().getFirst();
        byte[] bytes = Files.readAllBytes(file);
        bytes[(int) (place * bytes.length)] ^= 4;
        Files.write(file, bytes);
        try (Scheduler scheduler = new Scheduler(model, options(PLENTY));
                Session alone = model.newSession(options(PLENTY).session())) {
            GenerationHandle handle = scheduler.submit(Prompt.of(document), ten(1));
            assertThat(handle.result().join().tokens()).isEqualTo(alone.generate(Prompt.of(document), ten(1)).tokens());
            assertThat(handle.cachedTokens()).isZero();
        }
        assertThat(found(document)).as("it was saved again").isEqualTo(640);
        assertThat(Files.readAllBytes(file)).isNotEqualTo(bytes);
    }

    @Tag("full")
    @Test
    void aFileThatIsCutOffIsRemoved() throws IOException {
        found(document);
        Path file = files().getFirst();
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length / 2), StandardOpenOption.TRUNCATE_EXISTING);
        assertThat(found(document)).isZero();
        assertThat(found(document)).isEqualTo(640);
    }

    /** Each type of cache, and each model, has its own files; a shorter context has no use of a longer file. */
    @Tag("full")
    @Test
    void onlyFilesThatFitAreUsed() throws IOException {
        found(document);
        SessionOptions narrow = SessionOptions.defaults().withContextLength(CONTEXT).withCacheType(CacheType.BF16);
        assertThat(found(model, options(PLENTY).withSession(narrow), document)).containsExactly(0);
        SessionOptions small = SessionOptions.defaults().withContextLength(500);
        assertThat(found(model, options(PLENTY).withSession(small), ask(400))).containsExactly(0);
        try (Model other = Model.load(TESTDATA.resolve("golden/llama-gqa"))) {
            int[] ids = Arrays.stream(document).map(id -> id % other.info().sizes().vocabulary()).toArray();
            assertThat(found(other, options(PLENTY), ids)).containsExactly(0);
            assertThat(found(other, options(PLENTY), ids)).as("all but the last").containsExactly(699);
        }
        assertThat(files()).hasSize(4);
        assertThat(found(document)).isEqualTo(640);
    }

    @ParameterizedTest
    @CsvSource({"golden/llama-mla, full, 640", "golden/T6_kvonly, full, 640", "golden/T6_linearattn, linearattn, 700",
        "golden_olala/full-mmmmv, full, 700"})
    void everyAttentionIsFound(String folderName, String variant, int expected) {
        ModelOptions load = ModelOptions.defaults().withThreads(2).withVariant(VariantName.parse(variant));
        try (Model of = Model.load(TESTDATA.resolve(folderName), load)) {
            int[] ids = Arrays.stream(document).map(id -> id % of.info().sizes().vocabulary()).toArray();
            assertThat(found(of, options(PLENTY), ids)).containsExactly(0);
            int[] more = IntStream.concat(Arrays.stream(ids), IntStream.of(1, 2, 3)).toArray();
            assertThat(found(of, options(PLENTY), more)).containsExactly(expected);
        }
    }

    /** 572 is the shortest that 700 ids can be cut to, since windows of 70 have dropped others. */
    @Test
    void aFileOfWindowsIsUsedAsFarAsTheyReach() throws IOException {
        try (Model of = Model.load(TESTDATA.resolve("golden_wide/mistral-wide"))) {
            int vocabulary = of.info().sizes().vocabulary();
            int[] ids = Arrays.stream(document).map(id -> id % vocabulary).toArray();
            assertThat(found(of, options(PLENTY), ids)).containsExactly(0);
            assertThat(Files.size(files().getFirst())).as("four of eleven pages in both layers")
                    .isLessThan(5L * 64 * of.info().cache().elementsPerToken() * 2 * Float.BYTES);
            for (int common : List.of(700, 572, 571)) {
                int[] prompt = Arrays.copyOf(ids, common + 1);
                prompt[common] = (common < ids.length ? ids[common] + 1 : 3) % vocabulary;
                assertThat(found(of, options(PLENTY), prompt)).containsExactly(common < 572 ? 0 : common);
            }
        }
    }

    @Test
    void aFolderThatCannotBeUsed() throws IOException {
        Files.writeString(folder(), "a file");
        assertThatThrownBy(() -> new Scheduler(model, options(PLENTY))).isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("the folder for prefixes cannot be used");
    }
}
