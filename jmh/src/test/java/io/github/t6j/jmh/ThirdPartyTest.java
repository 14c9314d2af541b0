package io.github.t6j.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * THIRD-PARTY.md lists the dependencies of the poms, and their dependencies. The class path of these tests has all of
 * them, since the benchmarks use everything that the other modules use.
 */
class ThirdPartyTest {
    private static final Path ROOT = Path.of(System.getProperty("t6j.testdata")).resolve("..").normalize();
    private static final Pattern ROW = Pattern.compile(
            "(?m)^\\| ([\\w.-]+):([\\w.-]+) \\| (\\d\\S*) \\| (\\S[^|]*) \\| (\\S[^|]*) \\|$");

    /** A row of the list; {@code places} are the jars that contain it, tests, or build. */
    private record Listed(String group, String artifact, String version, List<String> places) {
        static Listed of(MatchResult row) {
            return new Listed(row.group(1), row.group(2), row.group(3), List.of(row.group(5).split(", ")));
        }

        /** Returns the end of its path in every local repository. */
        String jar() {
            return "/" + group.replace('.', '/') + "/" + artifact + "/" + version + "/" + artifact + "-" + version
                    + ".jar";
        }

        String name() {
            return group + ":" + artifact;
        }
    }

    /** A dependency in a pom; {@code version} is empty if the root's pom has it. */
    private record Named(String name, String version, String place) {}

    private final Map<String, Listed> listed = new TreeMap<>();
    private final List<Named> named = new ArrayList<>();

    ThirdPartyTest() throws Exception {
        ROW.matcher(Files.readString(ROOT.resolve("THIRD-PARTY.md"))).results().map(Listed::of).forEach(
                row -> assertThat(listed.put(row.name(), row)).as(row.name() + " is listed once").isNull());
        Document root = pom("");
        for (String module : List.of("", "engine/core", "engine/grammar", "engine/schedule", "engine/speculation",
                "engine/training", "cli",
                "cli/gpt2", "cli/chat", "cli/langchain4j", "cli/spring-ai", "jmh")) {
            Document pom = pom(module);
            for (String element : List.of("dependency", "path")) {
                NodeList all = pom.getElementsByTagName(element);
                for (int i = 0; i < all.getLength(); i++) {
                    add((Element) all.item(i), module, root);
                }
            }
        }
    }

    private static Document pom(String module) throws Exception {
        return DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder()
                .parse(ROOT.resolve(module).resolve("pom.xml").toFile());
    }

    private static String text(Element parent, String name) {
        NodeList found = parent.getElementsByTagName(name);
        return found.getLength() == 0 ? "" : found.item(0).getTextContent();
    }

    private void add(Element dependency, String module, Document root) {
        String group = text(dependency, "groupId");
        String version = text(dependency, "version");
        if (version.startsWith("${")) {
            version = text(root.getDocumentElement(), version.substring(2, version.length() - 1));
        }
        String place = dependency.getTagName().equals("path")
                ? "build"
                : text(dependency, "scope").equals("test")
                        ? "tests"
                        : module.equals("jmh") ? "benchmarks.jar" : module;
        if (!group.isEmpty() && !group.equals("io.github.t6j")) { // a path of a file has none
            named.add(new Named(group + ":" + text(dependency, "artifactId"), version, place));
        }
    }

    private static List<String> classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> entry.replace('\\', '/'))
                .filter(entry -> entry.endsWith(".jar") && !entry.startsWith("t6j-", entry.lastIndexOf('/') + 1))
                .toList();
    }

    @Test
    void everyJarOfTheClassPathIsListed() {
        assertThat(classPath()).isNotEmpty().allSatisfy(jar -> assertThat(listed.values())
                .as("THIRD-PARTY.md: expected a row with this version, found none: add it, and see its licence: " + jar)
                .anyMatch(row -> jar.endsWith(row.jar())));
    }

    @Test
    void everyDependencyOfThePomsIsListed() {
        assertThat(named).isNotEmpty().allSatisfy(dependency -> {
            Listed row = listed.get(dependency.name());
            assertThat(row).as("THIRD-PARTY.md: expected " + dependency + ", found no row: add it").isNotNull();
            if (!dependency.version().isEmpty()) {
                assertThat(row.version()).as("THIRD-PARTY.md: the version of " + dependency)
                        .isEqualTo(dependency.version());
            }
            if (!dependency.place().isEmpty()) {
                assertThat(row.places()).as("THIRD-PARTY.md: where " + dependency + " is").contains(dependency.place());
            }
        });
    }

    @Test
    void nothingElseIsListed() {
        assertThat(listed.values()).allSatisfy(row -> assertThat(
                classPath().stream().anyMatch(jar -> jar.endsWith(row.jar()))
                        || named.stream().anyMatch(dependency -> dependency.name().equals(row.name())))
                .as("THIRD-PARTY.md: expected only what is used, found " + row + ": delete the row").isTrue());
    }

    @Test
    void theEngineHasNoDependency() {
        assertThat(named).extracting(Named::place).contains("cli")
                .noneMatch(place -> place.startsWith("engine/"));
    }

    @Test
    void theFormOfTheListIsKept() throws IOException {
        long rows = Files.readAllLines(ROOT.resolve("THIRD-PARTY.md")).stream().filter(line -> line.startsWith("|"))
                .count();
        assertThat(listed).hasSize((int) rows - 2);
    }
}
