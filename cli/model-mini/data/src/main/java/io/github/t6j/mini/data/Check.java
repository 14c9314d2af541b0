package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Condition that the answer to a question must meet.
 *
 * @param mode meaning of the lists
 * @param accept accepted phrases or answers, or the members of a class
 * @param reject phrases that make an answer wrong
 * @param given numbers of the question, which an answer may repeat
 * @param count number of members that an answer must name; else 0
 */
record Check(Mode mode, List<String> accept, List<String> reject, List<String> given, int count) {
    private static final Pattern NUMBER = Pattern.compile("\\b\\d+\\b");
    private static final Pattern ENDS = Pattern.compile("^[\\s\"“”']+|[\\s\"“”'.!]+$");

    enum Mode {
        /** The answer contains an accepted phrase, in any case, and no rejected one. */
        WORDS,
        /** The same; also, the answer has no numbers except accepted ones and the question's. */
        NUMBERS,
        /** The whole answer is an accepted one, except for quotes and the full stop at its end. */
        EXACT,
        /** The last words of the answer are an accepted phrase: reasons before it may name others. */
        ENDS,
        /** The answer names {@link #count} different members, no more. */
        LIST
    }

    static Check words(List<String> accept, List<String> reject) {
        return new Check(Mode.WORDS, accept, reject, List.of(), 0);
    }

    static Check numbers(List<String> accept, String question) {
        return new Check(Mode.NUMBERS, accept, List.of(),
                numbersOf(English.words(question.replaceAll("(?<=\\d)x(?=\\d)", " x "))), 0);
    }

    static Check exact(List<String> accept) {
        return new Check(Mode.EXACT, accept, List.of(), List.of(), 0);
    }

    static Check ends(List<String> accept) {
        return new Check(Mode.ENDS, accept, List.of(), List.of(), 0);
    }

    static Check list(int count, List<String> members) {
        return new Check(Mode.LIST, members, List.of(), List.of(), count);
    }

    boolean accepts(String answer) {
        String words = English.words(answer);
        return switch (mode) {
            case WORDS -> hasAny(words, accept) && !hasAny(words, reject);
            case NUMBERS -> hasAny(words, accept) && numbersOf(words).stream().allMatch(this::isExpected);
            case EXACT -> accept.stream().anyMatch(accepted -> bare(accepted).equals(bare(answer)));
            case ENDS -> accept.stream().anyMatch(accepted -> endsWith(bare(answer), bare(accepted)));
            case LIST -> named(words).size() == count;
        };
    }

    private static boolean endsWith(String answer, String phrase) {
        int before = answer.length() - phrase.length() - 1;
        return answer.endsWith(phrase) && (before < 0 || !Character.isLetterOrDigit(answer.charAt(before)));
    }

    private boolean isExpected(String number) {
        return given.contains(number) || accept.stream().anyMatch(accepted -> has(English.words(accepted), number));
    }

    /** Members that an answer contains; "black cat" does not also count as "cat". */
    private Set<String> named(String words) {
        Set<String> named = new LinkedHashSet<>();
        String left = " " + words.replace(" ", "  ") + " ";
        for (String member : accept.stream().sorted((a, b) -> b.length() - a.length()).toList()) {
            for (String form : List.of(member, English.plural(member))) {
                String phrase = " " + English.words(form).replace(" ", "  ") + " ";
                if (left.contains(phrase)) {
                    named.add(member);
                    left = left.replace(phrase, " ");
                }
            }
        }
        return named;
    }

    private static boolean hasAny(String words, List<String> phrases) {
        return phrases.stream().anyMatch(phrase -> has(words, English.words(phrase)));
    }

    private static boolean has(String words, String phrase) {
        return (" " + words + " ").contains(" " + phrase + " ");
    }

    private static List<String> numbersOf(String words) {
        return NUMBER.matcher(words).results().map(result -> result.group()).toList();
    }

    private static String bare(String answer) {
        Matcher ends = ENDS.matcher(answer);
        return ends.replaceAll("").replace(".\"", "\"").replace("\".", "\"");
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("mode", mode.name().toLowerCase(Locale.ROOT));
        json.put("accept", accept);
        if (!reject.isEmpty()) {
            json.put("reject", reject);
        }
        if (!given.isEmpty()) {
            json.put("given", given);
        }
        if (count > 0) {
            json.put("count", count);
        }
        return json;
    }

    static Check of(Map<?, ?> json) {
        return new Check(Mode.valueOf(json.get("mode").toString().toUpperCase(Locale.ROOT)),
                strings(json.get("accept")), strings(json.get("reject")), strings(json.get("given")),
                json.get("count") instanceof Number count ? count.intValue() : 0);
    }

    private static List<String> strings(Object list) {
        List<String> strings = new ArrayList<>();
        if (list instanceof List<?> all) {
            all.forEach(element -> strings.add(element.toString()));
        }
        return strings;
    }
}
