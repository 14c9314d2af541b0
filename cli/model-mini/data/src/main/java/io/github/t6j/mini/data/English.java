package io.github.t6j.mini.data;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Rules of English that the forms need: articles, plurals, and the names of numbers. */
final class English {
    private static final List<String> SMALL = List.of("zero", "one", "two", "three", "four", "five", "six", "seven",
            "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
            "eighteen", "nineteen");
    private static final List<String> TENS =
            List.of("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety");
    private static final Pattern AN = Pattern.compile("(?i)(?!(?:uni|use|one\\b|eu))[aeiou].*|hour.*|honest.*");
    private static final Pattern ES = Pattern.compile(".*(?:s|x|z|ch|sh)");
    private static final Pattern IES = Pattern.compile(".*[^aeiou]y");
    private static final Map<String, String> NUMBERS = new TreeMap<>();

    static {
        for (int number = 0; number <= 100; number++) {
            NUMBERS.put(number(number), Integer.toString(number));
        }
    }

    private English() {}

    static String capital(String text) {
        return text.isEmpty() ? text : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    static String withArticle(String noun) {
        return (AN.matcher(noun).matches() ? "an " : "a ") + noun;
    }

    /** Returns the regular plural. */
    static String plural(String noun) {
        if (ES.matcher(noun).matches()) {
            return noun + "es";
        }
        return IES.matcher(noun).matches() ? noun.substring(0, noun.length() - 1) + "ies" : noun + "s";
    }

    /** Returns the name of a number from 0 to 100. */
    static String number(int number) {
        if (number < SMALL.size()) {
            return SMALL.get(number);
        }
        if (number == 100) {
            return "one hundred";
        }
        return TENS.get(number / 10) + (number % 10 == 0 ? "" : "-" + SMALL.get(number % 10));
    }

    /** Returns "a, b and c". */
    static String list(List<String> items) {
        return items.size() == 1
                ? items.getFirst()
                : String.join(", ", items.subList(0, items.size() - 1)) + " and " + items.getLast();
    }

    /**
     * Returns the words of a text in lower case, without punctuation, with one space between them. Names of numbers
     * become digits, also of two words.
     */
    static String words(String text) {
        String plain = text.toLowerCase(Locale.ROOT).replace("’", "'").replaceAll("(?<=\\w)'(?=\\w)", "");
        String[] words = plain.replace("one hundred", "100").replaceAll("[^\\p{Alnum}]+", " ").strip().split(" ");
        StringBuilder all = new StringBuilder();
        for (int at = 0; at < words.length; at++) {
            String pair = at + 1 < words.length ? NUMBERS.get(words[at] + "-" + words[at + 1]) : null;
            if (pair != null) {
                at++;
            }
            all.append(all.isEmpty() ? "" : " ")
                    .append(pair != null ? pair : NUMBERS.getOrDefault(words[at], words[at]));
        }
        return all.toString();
    }

    /** Returns the letters of a word with a separator between them. */
    static String spelled(String word, String separator) {
        return String.join(separator, Arrays.asList(word.split("")));
    }
}
