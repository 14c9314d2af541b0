package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.family.VariantName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Tests the packages of all modules of the engine: they use only those below them and never each other, the root is
 * public, and only the packages of vector kernels use the Vector API.
 */
class PackagesTest {
    private static final List<String> MODULES =
            List.of("core", "grammar", "native", "schedule", "speculation", "training");
    /** Rooms, top-down: a package and those inside it are one room. The root's name is empty. */
    private static final List<String> TOP_DOWN = List.of(
            "benchmark", "schedule", "flashtpa", "training", "grammar", "speculation", "nativekernels", "", "decoding",
            "session",
            "family", "sampling",
            "tokenizer",
            "model", "attention", "cache", "kernels", "weights", "json", "random", "events");
    /** Words of the library: types of the root that every package may use, since they use no package themselves. */
    private static final Set<String> COMMON = Set.of(
            "T6jException", "ModelFormatException", "MemoryLimitException", "RopeVariant", "FinishReason",
            "ComputeKernels", "LoadListener", "LogitsListener", "SessionBytes", "SessionOptions", "CallOptions",
            "DraftSource", "Pooling", "EmbeddingOptions", "ModelOptions", "WeightType");
    /** Most files of a package, except the root and {@code kernels.simd}. */
    private static final int MAX_FILES = 20;

    private static final Pattern USE = Pattern.compile("io\\.github\\.t6j((?:\\.[a-z0-9]+)*)\\.([A-Z]\\w*)");
    private static final Pattern COMMENT = Pattern.compile("(?s)/\\*.*?\\*/|//[^\n]*");

    private static final List<Source> SOURCES = new ArrayList<>();

    /**
     * Source file of a type.
     *
     * @param inside its package below {@code io.github.t6j}
     * @param code text without comments
     */
    private record Source(String module, String inside, String type, String code) {
        static Source of(String module, Path file) throws IOException {
            String code = COMMENT.matcher(Files.readString(file)).replaceAll("");
            Matcher declaration = Pattern.compile("(?m)^package io\\.github\\.t6j\\.?([a-z0-9.]*);").matcher(code);
            assertThat(declaration.find()).as(file.toString()).isTrue();
            return new Source(
                    module, declaration.group(1), file.getFileName().toString().replace(".java", ""), code);
        }

        boolean isCommon() {
            return inside.isEmpty() && COMMON.contains(type);
        }

        /** Returns the types of other packages that the code names, except {@link #COMMON} ones. */
        List<Use> uses() {
            return USE.matcher(code).results()
                    .map(use -> new Use(use.group(1).replaceFirst("\\.", ""), use.group(2)))
                    .filter(use -> !use.inside.equals(inside))
                    .filter(use -> !(use.inside.isEmpty() && COMMON.contains(use.type)))
                    .toList();
        }

        @Override
        public String toString() {
            return inside + "." + type;
        }
    }

    private record Use(String inside, String type) {}

    @BeforeAll
    static void read() throws IOException {
        for (String module : MODULES) {
            Path root = TestData.path("..").resolve("engine/" + module + "/src/main/java/io/github/t6j");
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : files.filter(file -> file.toString().endsWith(".java")).toList()) {
                    if (!file.endsWith("package-info.java")) {
                        SOURCES.add(Source.of(module, file));
                    }
                }
            }
        }
        assertThat(SOURCES).hasSizeGreaterThan(400);
    }

    private static String room(String name) {
        return name.replaceFirst("\\..*", "");
    }

    @Test
    void dependenciesPointDown() {
        List<String> upward = new ArrayList<>();
        for (Source source : SOURCES) {
            int room = TOP_DOWN.indexOf(room(source.inside));
            assertThat(room).as(source + " is in a room of the list").isNotNegative();
            for (Use use : source.uses()) {
                if (TOP_DOWN.indexOf(room(use.inside)) < room) {
                    upward.add(source + " uses " + use);
                }
            }
        }
        assertThat(upward).isEmpty();
    }

    @Test
    void noPackagesUseEachOtherInACircle() {
        Map<String, Set<String>> uses = new TreeMap<>();
        for (Source source : SOURCES) {
            Set<String> used = uses.computeIfAbsent(source.inside, none -> new TreeSet<>());
            source.uses().stream().map(Use::inside).forEach(used::add);
        }
        while (uses.values().removeIf(Set::isEmpty)) {
            uses.values().forEach(used -> used.retainAll(uses.keySet()));
        }
        assertThat(uses).as("packages in circles or above one, with what they use of each other").isEmpty();
    }

    @Test
    void commonWordsUseNoPackage() {
        Set<String> others = SOURCES.stream().filter(source -> source.inside.isEmpty() && !source.isCommon())
                .map(Source::type).collect(Collectors.toSet());
        List<Source> words = SOURCES.stream().filter(Source::isCommon).toList();
        assertThat(words).extracting(Source::type).containsExactlyInAnyOrderElementsOf(COMMON);
        for (Source word : words) {
            assertThat(word.uses()).as(word.type).isEmpty();
            assertThat(Pattern.compile("\\w+").matcher(word.code).results().map(MatchResult::group))
                    .as(word.type).doesNotContainAnyElementsOf(others);
        }
    }

    @Test
    void noPackageIsInTwoModules() {
        Map<String, Set<String>> modules = SOURCES.stream().collect(Collectors.groupingBy(
                Source::inside, TreeMap::new, Collectors.mapping(Source::module, Collectors.toSet())));
        assertThat(modules).allSatisfy((name, of) -> assertThat(of).as(name).hasSize(1));
    }

    @Test
    void packagesAreOfAFewFiles() {
        Map<String, Long> files = SOURCES.stream().collect(
                Collectors.groupingBy(Source::inside, TreeMap::new, Collectors.counting()));
        files.keySet().removeAll(Set.of("", "kernels.simd"));
        assertThat(files).allSatisfy((name, count) -> assertThat(count).as(name).isLessThanOrEqualTo(MAX_FILES));
    }

    @Test
    void theRootHasOnlyPublicTypes() {
        Pattern other = Pattern.compile(
                "(?m)^(?:(?:abstract|final|sealed|non-sealed) )*(?:class|record|enum|@?interface) \\w+");
        assertThat(SOURCES).filteredOn(source -> source.inside.isEmpty()).allSatisfy(source -> assertThat(
                other.matcher(source.code).results().map(MatchResult::group)).as(source.type).isEmpty());
    }

    @Test
    void onlyPackagesOfVectorKernelsImportTheVectorApi() {
        Pattern vectors = Pattern.compile("import (static )?jdk\\.incubator");
        assertThat(SOURCES).filteredOn(source -> vectors.matcher(source.code).find()).isNotEmpty()
                .allSatisfy(source -> assertThat(source.inside).as(source.type)
                        .matches("(training\\.)?kernels\\.simd(\\.[a-z.]+)?"));
    }

    @Test
    void theListOfVariantsIsComplete() {
        assertThat(VariantName.ALL.split(", | or ")).containsExactlyElementsOf(VariantName.all());
    }
}
