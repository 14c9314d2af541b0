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
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tests that packages use only those below them, that the root is public, and that only kernels.simd uses the Vector API. */
class PackagesTest {
    private static final List<String> TOP_DOWN = List.of(
            "benchmark", "schedule", "flashtpa", "", "training", "grammar", "tokenizer", "session", "family",
            "sampling", "model",
            "attention", "cache", "kernels", "weights", "json", "random", "events");
    /** Packages of attention, top-down; {@code attention.tpa.forms} belongs to {@code attention.tpa}. */
    private static final List<String> ATTENTION = List.of(
            "attention.oracle", "attention.linear", "attention.latent", "attention.grouped", "attention.tpa",
            "attention.paged", "attention");
    /** Most files of a package, except the root and {@code kernels.simd}. */
    private static final int MOST_FILES = 20;
    /** Types that every package may use. */
    private static final Set<String> COMMON = Set.of("ModelFormatException", "MemoryLimitException", "RopeVariant",
            "FinishReason", "LoadListener", "LogitsListener", "SessionBytes", "SessionOptions", "AttentionPath",
            "TensorRole",
            "CallOptions", "Pooling", "EmbeddingOptions");

    private static final Pattern USE = Pattern.compile("io\\.github\\.t6j((?:\\.[a-z0-9]+)*)\\.([A-Z]\\w*)");

    private static List<Path> sources() throws IOException {
        Path root = TestData.path("..").resolve("engine/src/main/java/io/github/t6j");
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }

    private static String packageOf(String source) {
        Matcher declaration = Pattern.compile("(?m)^package io\\.github\\.t6j\\.?([a-z0-9.]*);").matcher(source);
        assertThat(declaration.find()).isTrue();
        return declaration.group(1);
    }

    /** First part of a package's name: a package and those inside it are one room. */
    private static String room(String name) {
        return name.replaceFirst("\\..*", "");
    }

    private static boolean isHigher(String used, String user) {
        int level = ATTENTION.indexOf(used.replace(".forms", ""));
        return level >= 0 && level < ATTENTION.indexOf(user.replace(".forms", ""));
    }

    @Test
    void dependenciesPointDown() throws IOException {
        List<String> upward = new ArrayList<>();
        for (Path file : sources()) {
            String source = Files.readString(file);
            int own = TOP_DOWN.indexOf(room(packageOf(source)));
            assertThat(own).as(file + " is in a package of the list").isNotNegative();
            for (Matcher use = USE.matcher(source.replaceAll("(?s)/\\*.*?\\*/", "")); use.find();) {
                String used = use.group(1).isEmpty() ? "" : use.group(1).substring(1);
                boolean up = TOP_DOWN.indexOf(room(used)) < own || isHigher(used, packageOf(source));
                if (up && !COMMON.contains(use.group(2))) {
                    upward.add(file.getFileName() + " uses " + use.group());
                }
            }
        }
        assertThat(upward).isEmpty();
    }

    @Test
    void packagesAreOfAFewFiles() throws IOException {
        Map<String, Long> files = new TreeMap<>();
        for (Path file : sources()) {
            if (!file.endsWith("package-info.java") && !file.endsWith("module-info.java")) {
                files.merge(packageOf(Files.readString(file)), 1L, Long::sum);
            }
        }
        files.remove("");
        files.remove("kernels.simd");
        assertThat(files).allSatisfy((name, count) -> assertThat(count).as(name).isLessThanOrEqualTo(MOST_FILES));
    }

    @Test
    void theRootHasOnlyPublicTypes() throws IOException {
        Pattern other = Pattern.compile(
                "(?m)^(?:(?:abstract|final|sealed|non-sealed) )*(?:class|record|enum|@?interface) \\w+");
        for (Path file : sources()) {
            String source = Files.readString(file);
            if (packageOf(source).isEmpty()) {
                assertThat(other.matcher(source).results().map(MatchResult::group)).as(file.toString()).isEmpty();
            }
        }
    }

    @Test
    void onlyTheSimdPackageImportsTheVectorApi() throws IOException {
        for (Path file : sources()) {
            String source = Files.readString(file);
            if (source.contains("import jdk.incubator.vector") || source.contains("import static jdk.incubator")) {
                assertThat(packageOf(source)).as(file.toString()).startsWith("kernels.simd");
            }
        }
    }

    @Test
    void theListOfVariantsIsComplete() {
        assertThat(VariantName.ALL.split(", | or ")).containsExactlyElementsOf(VariantName.all());
    }
}
