package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keeps phrases that the project no longer uses out of its documents, help texts and javadoc. */
class PlainEnglishTest {
    /** A phrase and the wording to use instead. */
    private record Phrase(Pattern pattern, String instead) {
        static Phrase of(String regex, String instead) {
            return new Phrase(Pattern.compile("(?i)(?<![\\w-])(?:" + regex + ")(?![\\w-])"), instead);
        }
    }

    private static final List<Phrase> PHRASES = List.of(
            Phrase.of("(?:becomes?|is|are) no numbers?|numbers? that (?:is|are) none", "is NaN or infinite"),
            Phrase.of("(?:is|are|was|were) (?:said|told|heard)", "name the actor: reports, receives, prints"),
            Phrase.of(
                    "is there already|(?:is|are) not there|if (?:it|one) is there|what is there|that (?:is|are) there",
                    "exists, is missing, is supported"),
            Phrase.of("who (?:leaves|left|reads|has|takes|sets|does not)", "a client that disconnected; anyone who"),
            Phrase.of("what tells", "fingerprint"),
            Phrase.of("about so long|for so long|so many at (?:most|least)", "time budget, N"),
            Phrase.of("(?:that|which) nobody (?:has|reads|closed)|nobody has them", "unreachable, unused"),
            Phrase.of("doors? by which|strangers?", "entry points for untrusted input"),
            Phrase.of("anew", "again; for 'made anew': rebuilt"),
            Phrase.of("(?:the )?likeliest", "the most likely"),
            Phrase.of("(?:keep|keeps|kept) free|(?:hold|holds|held) back", "reserves, buffers"),
            Phrase.of("(?:take|takes|taken) (?:\\w+ )?apart", "unpack"),
            Phrase.of("threads of the platform", "platform threads"),
            Phrase.of("narrow(?:er)? types?", "16-bit or 8-bit type"),
            Phrase.of("models? of (?:your|one's) own texts?", "a model trained on your texts"),
            Phrase.of("refused by name", "rejected with an error that names it"),
            Phrase.of("no such place", "no such endpoint"),
            Phrase.of("what is no", "name the noun: a file that is not"),
            Phrase.of("to be had", "available, published"));

    private static final Pattern JAVADOC = Pattern.compile("/\\*\\*(.*?)\\*/", Pattern.DOTALL);
    private static final Pattern BARE_BEGINNING =
            Pattern.compile("(?:What|Who|Whom|Where|Whether|Those|Such|How many|How long|Of|By) ");
    private static final Pattern ANNOTATION = Pattern.compile("@(?:Command|Option|Parameters|CommandLine\\.\\w+)\\(");
    private static final Pattern LITERAL_OR_PARENTHESIS =
            Pattern.compile("\"\"\"(?s:.*?)\"\"\"|\"((?:[^\"\\\\]|\\\\.)*)\"|[()]");

    /** The paths of all Java sources below the root, with slashes. */
    private static List<String> sources() throws IOException {
        List<String> sources = new ArrayList<>();
        for (String module : List.of("engine", "cli", "jmh")) {
            try (Stream<Path> files = Files.walk(DocumentsTest.ROOT.resolve(module))) {
                files.map(file -> DocumentsTest.ROOT.relativize(file).toString().replace('\\', '/'))
                        .filter(name -> name.endsWith(".java") && !name.contains("/target/")).forEach(sources::add);
            }
        }
        return sources;
    }

    private static String oneLine(String comment) {
        return comment.replaceAll("\\s*\\R\\s*\\*?\\s*", " ").strip();
    }

    private static List<String> faults(String text) {
        List<String> faults = new ArrayList<>();
        for (Phrase phrase : PHRASES) {
            for (MatchResult found : phrase.pattern().matcher(text).results().toList()) {
                faults.add("\"" + found.group() + "\": write instead: " + phrase.instead());
            }
        }
        return faults;
    }

    private static List<String> javadocFaults(String javadoc) {
        List<String> faults = faults(javadoc);
        if (BARE_BEGINNING.matcher(javadoc).lookingAt()) {
            faults.add("\"" + javadoc.split("[.:]")[0] + "\": begin with a noun phrase or a third-person verb");
        }
        return faults;
    }

    /** The strings in each picocli annotation of a source, concatenated. */
    private static List<String> help(String source) {
        List<String> texts = new ArrayList<>();
        Matcher annotation = ANNOTATION.matcher(source);
        while (annotation.find()) {
            StringBuilder text = new StringBuilder();
            Matcher token = LITERAL_OR_PARENTHESIS.matcher(source).region(annotation.end(), source.length());
            int end = annotation.end();
            for (int depth = 1; depth > 0 && token.find();) {
                switch (token.group()) {
                    case "(" -> depth++;
                    case ")" -> depth--;
                    default -> {
                        boolean continued = source.substring(end, token.start()).strip().equals("+");
                        text.append(continued ? "" : "\n").append(token.group().replaceAll("^\"+|\"+$", ""));
                    }
                }
                end = token.end();
            }
            texts.add(text.toString());
        }
        return texts;
    }

    @Test
    void pagesHaveNoSuchPhrase() throws IOException {
        List<String> faults = new ArrayList<>();
        DocumentsTest.pages()
                .forEach((name, page) -> faults(page.replaceAll("(?m)^ {4}.*$", "").replaceAll("\\s+", " "))
                        .forEach(fault -> faults.add(name + ": " + fault)));
        assertThat(faults).as("Phrases that are not plain English").isEmpty();
    }

    @Test
    void helpHasNoSuchPhrase() throws IOException {
        List<String> faults = new ArrayList<>();
        int texts = 0;
        for (String name : sources()) {
            if (name.contains("/src/main/")) {
                List<String> help = help(Files.readString(DocumentsTest.ROOT.resolve(name)));
                texts += help.size();
                help.forEach(text -> faults(text).forEach(fault -> faults.add(name + ": " + fault)));
            }
        }
        assertThat(faults).as("Phrases that are not plain English").isEmpty();
        assertThat(texts).as("picocli annotations found").isGreaterThan(50);
    }

    @Test
    void javadocHasNoSuchPhraseOrBeginning() throws IOException {
        List<String> faults = new ArrayList<>();
        int comments = 0;
        for (String name : sources()) {
            Matcher javadoc = JAVADOC.matcher(Files.readString(DocumentsTest.ROOT.resolve(name)));
            while (javadoc.find()) {
                comments++;
                javadocFaults(oneLine(javadoc.group(1))).forEach(fault -> faults.add(name + ": " + fault));
            }
        }
        assertThat(faults).as("Javadoc that is not plain English").isEmpty();
        assertThat(comments).as("javadoc comments found").isPositive();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            The loss becomes no number.             | becomes no number
            A closed session is told.               | is told
            Takes the likeliest token.              | the likeliest
            Weights are not taken apart.            | taken apart
            Who reads nothing for a minute has left.| Who reads
            What is kept of a token.                | What is kept of a token
            """)
    void badSentencesAreFound(String sentence, String quoted) {
        assertThat(javadocFaults(sentence)).as(sentence).anyMatch(fault -> fault.startsWith("\"" + quoted + "\""));
    }

    @Test
    void goodSentencesPass() {
        assertThat(javadocFaults("Number of tokens that the cache reserves. If the loss becomes NaN, training stops."))
                .isEmpty();
    }

    @Test
    void helpIsFoundInAnnotations() {
        String source =
                "@Option(names = \"--x\", description = \"Takes the like\" + \"liest (token).\") int x; f(\"told\");";
        assertThat(help(source)).containsExactly("\n--x\nTakes the likeliest (token).");
    }
}
