package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Checks that files, headings, commands, options and classes that the documents name exist. */
class DocumentsTest {
    static final Path ROOT = CommandResult.TESTDATA.resolve("..").toAbsolutePath().normalize();

    private static final Pattern LINK = Pattern.compile("(?:\\]\\(|<img src=\")([^)\\s\"]+)[)\"]");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");
    /** A command line in a block or between backticks, as opposed to one in a message or a sentence. */
    private static final Pattern COMMAND_LINE = Pattern.compile(
            "(?m)(?:^ {4}(?:\\$ |printf [^|]*\\| )?|`)(?:T6J_\\w+=\\S+ )?(?:cli/bin/)?t6j "
                    + "([^`\\n]*(?:\\\\\\n[^`\\n]*)?)");
    private static final Pattern OPTION = Pattern.compile("(?<=^| |\\[)--?[a-zA-Z][\\w-]*");
    private static final Pattern QUOTED = Pattern.compile("\"[^\"]*\"|'[^']*'|\\$\\([^)]*\\)|<\\([^)]*\\)");
    private static final Pattern CLASS =
            Pattern.compile("`(?:[a-z]+/)*([A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*)(?:\\.java)?`");

    /** All pages by their paths below the root, except the READMEs of single test models and tokenizers. */
    static Map<Path, String> pages() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(file -> file.toString().endsWith(".md")).map(ROOT::relativize)
                    .filter(name -> !name.toString().matches("(.*[/\\\\])?(target|\\..*)[/\\\\].*"))
                    .filter(name -> !name.startsWith("testdata") || name.getNameCount() == 2)
                    .collect(Collectors.toMap(name -> name, name -> read(ROOT.resolve(name))));
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Anchors of the headings of a page, as GitHub makes them. */
    private static Set<String> anchors(String page) {
        return HEADING.matcher(page).results()
                .map(heading -> heading.group(1).replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1").toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
                .collect(Collectors.toSet());
    }

    @Test
    void linksLeadSomewhere() throws IOException {
        Map<Path, String> pages = pages();
        assertThat(pages).hasSizeGreaterThan(40);
        pages.forEach((name, page) -> {
            for (MatchResult link : LINK.matcher(page).results().toList()) {
                String[] target = link.group(1).split("#", 2);
                if (target[0].contains(":")) {
                    continue;
                }
                Path file = target[0].isEmpty() ? ROOT.resolve(name) : ROOT.resolve(name).resolveSibling(target[0]);
                assertThat(file.normalize()).as(name + ": " + link.group(1)).exists();
                if (target.length == 2) {
                    assertThat(anchors(read(file))).as(name + ": headings for " + link.group(1)).contains(target[1]);
                }
            }
        });
    }

    @Test
    void everyPageIsInTheIndex() throws IOException {
        String index = read(ROOT.resolve("cli/docs/README.md"));
        try (Stream<Path> files = Files.list(ROOT.resolve("cli/docs"))) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".md") && !name.equals("README.md"))
                    .forEach(name -> assertThat(index).contains("](" + name + ")"));
        }
    }

    /** A blank line inside a table ends it, and the rows below become text. */
    @Test
    void tablesHaveAHead() throws IOException {
        Pattern firstRows = Pattern.compile("(?m)^\\n\\|.*\\n(.*)");
        int tables = 0;
        for (Map.Entry<Path, String> page : pages().entrySet()) {
            for (MatchResult first : firstRows.matcher(page.getValue()).results().toList()) {
                assertThat(first.group(1)).as(page.getKey() + ": below " + first.group()).matches("\\|[-:| ]+\\|");
                tables++;
            }
        }
        assertThat(tables).isGreaterThan(40);
    }

    private static CommandLine commands() {
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        return new Main(System.in, nowhere, nowhere, false, false, Map.of()).commandLine();
    }

    @Test
    void commandsAndOptionsExist() throws IOException {
        CommandLine t6j = commands();
        List<String> checked = new ArrayList<>();
        pages().forEach((name, page) -> {
            for (MatchResult line : COMMAND_LINE.matcher(page).results().toList()) {
                String words = QUOTED.matcher(line.group(1)).replaceAll("X").replaceFirst("(^| )[#|>].*| &$", "");
                check(t6j, words, name + ": t6j " + line.group(1));
                checked.add(words);
            }
        });
        assertThat(checked).hasSizeGreaterThan(100);
    }

    private static void check(CommandLine t6j, String words, String where) {
        CommandLine command = t6j;
        for (String word : words.split("\\s+")) {
            if (command.getSubcommands().containsKey(word)) {
                command = command.getSubcommands().get(word);
            } else {
                break;
            }
        }
        boolean known = command != t6j || words.matches("(-.*|COMMAND.*|)");
        assertThat(known).as(where + ": expected a command of " + t6j.getSubcommands().keySet()).isTrue();
        Set<String> options = command.getCommandSpec().optionsMap().keySet();
        for (MatchResult option : OPTION.matcher(words).results().toList()) {
            assertThat(options).as(where).contains(option.group());
        }
    }

    @Test
    void classesExist() throws IOException {
        Set<String> classes;
        try (Stream<Path> files = Files.walk(ROOT)) {
            classes = files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".java"))
                    .map(name -> name.substring(0, name.length() - 5)).collect(Collectors.toSet());
        }
        for (String page : List.of("CONTRIBUTING.md", "engine/docs/tests.md", "engine/docs/adding-a-variant.md")) {
            List<String> named = CLASS.matcher(read(ROOT.resolve(page))).results().map(name -> name.group(1)).toList();
            assertThat(named).hasSizeGreaterThan(30);
            assertThat(named.stream().filter(name -> !classes.contains(name))).as(page + ": no such classes").isEmpty();
        }
    }
}
