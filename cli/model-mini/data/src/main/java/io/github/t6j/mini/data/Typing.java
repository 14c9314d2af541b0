package io.github.t6j.mini.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Questions as people type them: in lower case, without a mark at the end, with contractions, American spelling, a
 * greeting or "please", sums without spaces. Values that the answer repeats keep their letters.
 */
final class Typing {
    private static final String FOLLOWED = "(?= [^\\s])"; // not "how old I'm"
    private static final String BEGIN = "\u0001";
    private static final String END = "\u0002";
    private static final Pattern KEPT = Pattern.compile(BEGIN + "([^" + END + "]*)" + END + "|[^" + BEGIN + "]+");
    private static final Pattern POLITE = Pattern.compile(".*[a-z0-9" + END + "][.?]");
    private static final Pattern MARKED = Pattern.compile(".*[^.][.?!]");
    private static final Pattern OPERATION = Pattern.compile("(?<=\\d) ([-+*/x]) (?=\\d)");
    private static final Pattern WORD = Pattern.compile("\\b\\p{L}+\\b");
    private static final List<String> OPENINGS = Lines.of("talk/openings.txt");
    private static final Map<Pattern, String> CONTRACTIONS = contractions();
    private static final Map<String, String> AMERICAN = Lines.table("tables/american.txt").stream()
            .collect(Collectors.toUnmodifiableMap(row -> row.get("from"), row -> row.get("to")));
    private static final double PLAIN = 0.4;
    private static final double LOWER = 0.45;
    private static final double NO_MARK = 0.4;
    private static final double CONTRACTED = 0.4;
    private static final double AMERICANISED = 0.3;
    private static final double PLEASE = 0.1;
    private static final double OPENED = 0.15;

    private Typing() {}

    private static Map<Pattern, String> contractions() {
        Map<Pattern, String> contractions = new LinkedHashMap<>();
        for (Map<String, String> row : Lines.table("tables/contractions.txt")) {
            String from = row.get("from");
            String to = row.get("to");
            contractions.put(Pattern.compile("\\b" + from + FOLLOWED), to);
            contractions.put(Pattern.compile("\\b" + English.capital(from) + FOLLOWED), English.capital(to));
        }
        return contractions;
    }

    /** Marks a value that the answer repeats. */
    static String kept(String value) {
        return BEGIN + value + END;
    }

    /** Returns a sentence without marks. */
    static String plain(String sentence) {
        return sentence.replace(BEGIN, "").replace(END, "");
    }

    static String typed(String sentence, RandomGenerator random) {
        if (random.nextDouble() < PLAIN) {
            return plain(sentence);
        }
        String typed = OPERATION.matcher(sentence).replaceAll(random.nextBoolean() ? "$1" : " $1 ");
        if (random.nextDouble() < CONTRACTED) {
            typed = outside(typed, Typing::contracted);
        }
        if (random.nextDouble() < AMERICANISED) {
            typed = outside(typed, Typing::american);
        }
        if (random.nextDouble() < PLEASE && POLITE.matcher(typed).matches()) {
            typed = typed.substring(0, typed.length() - 1) + ", please" + typed.charAt(typed.length() - 1);
        }
        if (random.nextDouble() < OPENED) {
            typed = Topic.pick(OPENINGS, random) + " " + typed;
        }
        if (random.nextDouble() < NO_MARK && MARKED.matcher(typed).matches()) {
            typed = typed.substring(0, typed.length() - 1);
        }
        if (random.nextDouble() < LOWER) {
            typed = outside(typed, text -> text.toLowerCase(Locale.ROOT));
        }
        return plain(typed);
    }

    private static String contracted(String text) {
        String contracted = text;
        for (Map.Entry<Pattern, String> pair : CONTRACTIONS.entrySet()) {
            contracted = pair.getKey().matcher(contracted).replaceAll(pair.getValue());
        }
        return contracted;
    }

    private static String american(String text) {
        return WORD.matcher(text).replaceAll(word -> {
            String found = word.group();
            String other = AMERICAN.get(found.toLowerCase(Locale.ROOT));
            boolean capital = Character.isUpperCase(found.charAt(0));
            return other == null ? found : capital ? English.capital(other) : other;
        });
    }

    private static String outside(String text, UnaryOperator<String> change) {
        return KEPT.matcher(text).replaceAll(part -> Matcher.quoteReplacement(
                part.group(1) == null ? change.apply(part.group()) : part.group()));
    }
}
