package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Filter of paragraphs that contain a word of a list. The list of offensive words is stored in ROT13, because readers
 * of the project should not meet them.
 */
final class WordFilter {
    private final Set<String> words;
    private int paragraphs;
    private int dropped;
    private long characters;
    private long droppedCharacters;

    WordFilter(Set<String> words) {
        this.words = words;
    }

    static WordFilter offensive() {
        return new WordFilter(
                Lines.of("offensive.txt").stream().map(WordFilter::rot13).collect(Collectors.toUnmodifiableSet()));
    }

    static String rot13(String text) {
        return text.chars().map(c -> c >= 'a' && c <= 'z' ? (c - 'a' + 13) % 26 + 'a' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
    }

    /** Returns the other paragraphs of a document; a blank line ends a paragraph. */
    String without(String document) {
        List<String> kept = new ArrayList<>();
        for (String paragraph : document.split("\n\\s*\n")) {
            paragraphs++;
            characters += paragraph.length();
            if (isOffensive(paragraph)) {
                dropped++;
                droppedCharacters += paragraph.length();
            } else {
                kept.add(paragraph);
            }
        }
        return String.join("\n\n", kept);
    }

    /** Returns true if a text has a word of the list, or its plural. */
    boolean isOffensive(String text) {
        for (String word : text.toLowerCase(Locale.ROOT).split("[^\\p{L}]+")) {
            if (words.contains(word) || word.endsWith("s") && words.contains(word.substring(0, word.length() - 1))
                    || word.endsWith("es") && words.contains(word.substring(0, word.length() - 2))) {
                return true;
            }
        }
        return false;
    }

    int paragraphs() {
        return paragraphs;
    }

    int dropped() {
        return dropped;
    }

    long characters() {
        return characters;
    }

    long droppedCharacters() {
        return droppedCharacters;
    }
}
