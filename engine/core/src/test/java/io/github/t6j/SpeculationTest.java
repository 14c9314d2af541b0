package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.sampling.Constraint;
import io.github.t6j.sampling.ConstraintMatcher;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests that generations with speculation have the bits of those without it: tokens, log-probabilities, what a listener
 * sees, and the session afterwards, whose saved file has the same bytes.
 */
class SpeculationTest {
    private static final long SEED = 53;

    @TempDir
    private Path folder;

    /** Text that drafts are taken from, made of the tokens that follow. */
    private enum Prediction {
        RIGHT, WRONG, THREE_OF_FOUR, NONE, LONG;

        int[] of(List<Token> tokens, int vocabulary, Random random) {
            int[] ids = tokens.isEmpty() ? new int[1] : tokens.stream().mapToInt(Token::id).toArray();
            return switch (this) {
                case RIGHT -> ids;
                case WRONG -> Arrays.stream(ids).map(id -> (id + 1) % vocabulary).toArray();
                case THREE_OF_FOUR -> IntStream.range(0, ids.length)
                        .map(i -> i % 4 == 3 ? random.nextInt(vocabulary) : ids[i]).toArray();
                case NONE -> new int[0];
                case LONG -> IntStream.range(0, 3000).map(i -> ids[i % ids.length]).toArray();
            };
        }
    }

    /** Model, its folder in testdata, and its variant. */
    private record Case(String folder, RopeVariant variant) {
        @Override
        public String toString() {
            return folder;
        }

        Model load() {
            return Model.load(TestData.path(folder), ModelOptions.defaults().withThreads(2).withVariant(variant));
        }
    }

    static List<Case> models() throws IOException {
        List<Case> models = new ArrayList<>();
        for (TestData.GoldenModel golden : TestData.goldenModels()) {
            if (golden.weights().equals(golden.folder())) {
                models.add(new Case("golden/" + golden.name(), golden.variant()));
            }
        }
        for (String parent : List.of("golden_llama", "golden_mlra", "golden_more", "golden_olala")) {
            try (Stream<Path> all = Files.list(TestData.path(parent))) {
                all.filter(path -> Files.exists(path.resolve("model.safetensors"))).sorted()
                        .forEach(path -> models.add(new Case(parent + "/" + path.getFileName(), null)));
            }
        }
        return models;
    }

    /** Grammar of any ids, of which each forbids a third of the next ones. */
    private static final class Thirds implements ConstraintMatcher {
        private int last;

        private Thirds(int last) {
            this.last = last;
        }

        @Override
        public boolean allows(int id) {
            return (id + last) % 3 != 0;
        }

        @Override
        public void mask(float[] logits) {
            for (int id = 0; id < logits.length; id++) {
                logits[id] = allows(id) ? logits[id] : Float.NEGATIVE_INFINITY;
            }
        }

        @Override
        public void accept(int id) {
            assertThat(allows(id)).isTrue();
            last = id;
        }

        @Override
        public boolean mayEnd() {
            return true;
        }

        @Override
        public boolean isComplete() {
            return false;
        }

        @Override
        public ConstraintMatcher copy() {
            return new Thirds(last);
        }
    }

    private static final Constraint THIRDS = (tokenizer, ids, endIds) -> () -> new Thirds(1);

    /** Result of a generation, what its listener saw, and the session afterwards. */
    private record Run(
            Generation generation, List<Object> seen, int[] ids, float[] logits, byte[] file, long cacheBytes) {}

    private Run run(Session session, int[] prompt, GenerationOptions options) {
        List<Object> seen = new ArrayList<>();
        try {
            Generation generation = session.generate(Prompt.of(prompt), options, token -> {
                seen.add(session.position());
                seen.add(session.mostLikely(3));
                if (seen.size() % 14 == 0) {
                    try (Session fork = session.fork()) {
                        fork.step(token.id());
                        seen.add(Arrays.hashCode(fork.logits()));
                    }
                }
                return true;
            });
            Path file = folder.resolve("session");
            session.save(file);
            return new Run(generation, seen, session.ids(), session.logits().clone(), Files.readAllBytes(file),
                    session.cacheBytes());
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }

    private static void assertSame(Run found, Run expected, String where) {
        assertThat(found.generation.text()).as(where).isEqualTo(expected.generation.text());
        assertThat(found.generation.equals(expected.generation)).as(where).isTrue();
        assertThat(found.seen).as(where).isEqualTo(expected.seen);
        assertThat(found.ids).as(where).isEqualTo(expected.ids);
        assertThat(found.logits).as(where).isEqualTo(expected.logits);
        assertThat(found.file).as(where).isEqualTo(expected.file);
    }

    /**
     * Generates twice in a row in each session, so that the second one begins where drafts were rejected, or in a
     * session restored from there. In some cases, the context ends within a generation.
     */
    private void check(Model model, SessionOptions all, Random random, String name) {
        int vocabulary = model.info().sizes().vocabulary();
        int[] prompt = random.ints(2 + random.nextInt(90), 0, vocabulary).toArray();
        SessionOptions options =
                random.nextInt(3) > 0 ? all : all.withContextLength(prompt.length + 1 + random.nextInt(60));
        SamplingOptions sampling = random.nextBoolean()
                ? SamplingOptions.greedy()
                : SamplingOptions.defaults().withRepetitionPenalty(1.1f).withPresencePenalty(0.3f)
                        .withLogitBias(Map.of(random.nextInt(vocabulary), 1.5f));
        GenerationOptions generation = GenerationOptions.defaults().withSampling(sampling.withSeed(random.nextInt()))
                .withTopLogprobs(2).withGrammar(model.hasTokenizer() && random.nextInt(3) > 0 ? THIRDS : null)
                .withIgnoreEndOfText(random.nextBoolean()).withMaxTokens(10 + random.nextInt(30));
        Run first;
        Run second;
        try (Session session = model.newSession(options)) {
            first = run(session, prompt, generation);
            second = run(session, new int[0], generation);
        }
        Prediction other = Prediction.values()[random.nextInt(Prediction.values().length)];
        for (Prediction prediction : EnumSet.of(Prediction.THREE_OF_FOUR, other)) {
            int max = 1 + random.nextInt(DraftSource.MAX_DRAFTS);
            String where = name + ", seed " + SEED + ", " + options + ", " + prediction + ", " + max + " drafts"
                    + (generation.grammar() == null ? "" : ", with a grammar");
            GenerationOptions speculating = generation.withSpeculation(
                    new RecordedDrafts(prediction.of(first.generation.tokens(), vocabulary, random), max));
            try (Session session = model.newSession(options)) {
                Run found = run(session, prompt, speculating);
                assertSame(found, first, where);
                assertThat(found.cacheBytes).as(where).isEqualTo(first.cacheBytes);
                if (prediction == Prediction.RIGHT && first.generation.tokens().size() > 10) {
                    assertThat(found.generation.drafts().accepted()).as(where).isPositive();
                }
                if (prediction == Prediction.THREE_OF_FOUR) {
                    assertSame(run(session, new int[0], speculating), second, where);
                }
            }
            if (prediction != Prediction.THREE_OF_FOUR) {
                try (Session session = model.newSession(options)) {
                    session.restore(folder.resolve("session"));
                    assertSame(run(session, new int[0], speculating), second, where + ", restored");
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void everyAttentionHasTheSameBits(Case model) {
        Random random = new Random(SEED + model.folder.hashCode());
        CacheType type = CacheType.values()[random.nextInt(CacheType.values().length)];
        try (Model loaded = model.load()) {
            check(loaded, SessionOptions.defaults().withCacheType(type).withContextLength(230), random,
                    model.toString());
        }
    }

    @ParameterizedTest
    @EnumSource(WeightType.class)
    void everyWeightTypeHasTheSameBits(WeightType type) {
        Random random = new Random(SEED + type.ordinal());
        try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(2).withWeightType(type))) {
            CacheType cache = CacheType.values()[type.ordinal() % CacheType.values().length];
            check(model, SessionOptions.defaults().withCacheType(cache).withContextLength(150), random,
                    type.toString());
        }
    }

    private static final GenerationOptions OPTIONS = GenerationOptions.defaults().withMaxTokens(70)
            .withIgnoreEndOfText(true).withSampling(SamplingOptions.defaults().withSeed(SEED));

    /** Drafts of which three of four are right, and whose counts do not depend on the machine. */
    private static GenerationOptions speculating(GenerationOptions options, List<Token> tokens) {
        int[] ids = Prediction.THREE_OF_FOUR.of(tokens, 4000, new Random(SEED));
        return options.withSpeculation(new RecordedDrafts(ids, 7));
    }

    @Test
    void streamsAndSamplesHaveTheSameTokens() {
        try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(2))) {
            List<Generation> expected;
            try (Session session = model.newSession()) {
                expected = session.generateSamples(Prompt.of("The whale"), 3, OPTIONS);
            }
            GenerationOptions options = speculating(OPTIONS, expected.getFirst().tokens());
            try (Session session = model.newSession()) {
                assertThat(session.generateSamples(Prompt.of("The whale"), 3, options)).isEqualTo(expected);
            }
            try (Session session = model.newSession()) {
                List<Integer> positions = new ArrayList<>();
                int prompt = model.tokenizer().encodePrompt("The whale").length;
                List<Token> streamed = session.stream("The whale", options)
                        .peek(token -> positions.add(session.position() - prompt)).toList();
                assertThat(streamed).filteredOn(token -> !token.isTail()).isEqualTo(expected.getFirst().tokens());
                assertThat(positions.subList(0, 70)).isEqualTo(IntStream.rangeClosed(1, 70).boxed().toList());
            }
        }
    }

    @Test
    void draftsAreCounted() {
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            Generation plain = session.generate("The whale", OPTIONS);
            assertThat(plain.drafts()).isEqualTo(Drafts.NONE);
            session.truncate(0);
            GenerationOptions right = OPTIONS.withSpeculation(
                    new RecordedDrafts(plain.tokens().stream().mapToInt(Token::id).toArray(), 7));
            Generation found = session.generate("The whale", right);
            assertThat(found).isEqualTo(plain);
            assertThat(found.drafts()).isEqualTo(new Drafts(61, 0));
        }
    }

    private static Drafter proposing(int number, int id) {
        return (model, ids, matcher) -> new DraftSource() {
            @Override
            public void add(int chosen) {}

            @Override
            public int propose(int[] into, int max, int sharing) {
                Arrays.fill(into, id);
                return number > MAX_DRAFTS ? max + 1 : Math.min(number, max);
            }
        };
    }

    /** A source that breaks its contract ends the generation, and the session contains the chosen id. */
    @Test
    void draftsOfASourceAreChecked() {
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            int[] prompt = model.tokenizer().encodePrompt("The whale");
            int vocabulary = model.info().sizes().vocabulary();
            Map<Drafter, String> wrong = Map.of(
                    proposing(100, 5), "expected 0 to 9 drafts, found 10",
                    proposing(-1, 5), "expected 0 to 9 drafts, found -1",
                    proposing(3, vocabulary), "draft 1: expected an id from 0 to " + (vocabulary - 1) + ", found "
                            + vocabulary,
                    proposing(3, -7), "draft 1: expected an id from 0 to " + (vocabulary - 1) + ", found -7");
            wrong.forEach((drafter, message) -> {
                session.truncate(0);
                assertThatThrownBy(() -> session.generate(
                        "The whale", OPTIONS.withMaxTokens(10).withSpeculation(drafter)))
                        .isInstanceOf(IllegalStateException.class).hasMessage("DraftSource.propose: " + message);
                assertThat(session.position()).isEqualTo(prompt.length + 1);
            });
            session.truncate(0);
            Generation plain = session.generate("The whale", OPTIONS);
            session.truncate(0);
            assertThat(session.generate("The whale", OPTIONS.withSpeculation(proposing(3, 5)))).isEqualTo(plain);
        }
    }

    @Test
    void whatEndsAGenerationEndsItAtTheSameToken() {
        try (Model model = Model.load(TestData.tiny());
                Session session = model.newSession();
                Session plain = model.newSession()) {
            List<Token> tokens = plain.generate("The whale", OPTIONS).tokens();
            List<TokenListener> listeners = List.of(
                    token -> session.position() < 30,
                    token -> {
                        if (session.position() == 31) {
                            session.cancel();
                        }
                        return true;
                    },
                    token -> {
                        if (session.position() == 32) {
                            throw new IllegalArgumentException("on purpose");
                        }
                        return true;
                    });
            for (TokenListener listener : listeners) {
                List<Object> ends = new ArrayList<>();
                for (GenerationOptions options : List.of(OPTIONS, speculating(OPTIONS, tokens))) {
                    session.truncate(0);
                    try {
                        ends.add(session.generate("The whale", options, listener));
                    } catch (IllegalArgumentException onPurpose) {
                        ends.add(onPurpose.getMessage());
                    }
                    ends.add(Arrays.toString(session.ids()));
                    session.step(5);
                    ends.add(Arrays.hashCode(session.logits()));
                }
                assertThat(ends.subList(3, 6)).isEqualTo(ends.subList(0, 3));
            }
            GenerationOptions stopped = OPTIONS.withStop(tokens.get(40).text() + tokens.get(41).text());
            plain.truncate(0);
            session.truncate(0);
            assertThat(session.generate("The whale", speculating(stopped, tokens)))
                    .isEqualTo(plain.generate("The whale", stopped));
            assertThat(session.ids()).isEqualTo(plain.ids());
            assertThat(session.logits()).isEqualTo(plain.logits());
        }
    }
}
