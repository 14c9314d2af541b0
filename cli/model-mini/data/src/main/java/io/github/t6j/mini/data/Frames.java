package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Wordings that topics share: "Do you know …?" around a clause (W), "Tell me …" around a noun phrase (N). Some are
 * held out.
 */
final class Frames {
    private static final Map<String, List<String>> ALL = Lines.sections("talk/frames.txt");

    private Frames() {}

    /** Returns the forms of questions for training, from the lines of a topic. */
    static List<Form> trained(List<String> lines) {
        return forms(lines, "Q ");
    }

    /** Returns the forms of questions that training never has. */
    static List<Form> heldOut(List<String> lines) {
        return forms(lines, "H ");
    }

    private static List<Form> forms(List<String> lines, String letter) {
        Set<String> forms = new LinkedHashSet<>(after(lines, letter));
        framed(forms, after(ALL.get("noun phrase"), letter), after(lines, "N "));
        framed(forms, after(ALL.get("clause"), letter), after(lines, "W "));
        return forms.stream().map(Form::of).toList();
    }

    private static void framed(Set<String> forms, List<String> frames, List<String> phrases) {
        for (String phrase : phrases) {
            for (String frame : frames) {
                forms.add(frame.replace("{it}", phrase).replace("{It}", capital(phrase)));
            }
        }
    }

    private static String capital(String phrase) {
        return phrase.startsWith("{") ? "{" + English.capital(phrase.substring(1)) : English.capital(phrase);
    }

    static List<String> after(List<String> lines, String letter) {
        List<String> rest = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith(letter)) {
                rest.add(line.substring(letter.length()));
            }
        }
        return rest;
    }
}
