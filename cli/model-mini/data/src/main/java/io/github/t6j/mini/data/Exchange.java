package io.github.t6j.mini.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Question and its answer.
 *
 * @param kind kind that accuracies are reported for
 * @param topic file of the forms
 * @param form form of the question, as a line of that file
 * @param thing thing that the question is about
 */
record Exchange(String kind, String topic, String form, String thing, String question, String answer, Check check) {
    /** Returns the exchange with another question of the same meaning. */
    Exchange withQuestion(String other) {
        return new Exchange(kind, topic, form, thing, other, answer, check);
    }

    /** Returns true if a wrong answer can be told from a right one: repeating the question must not be accepted. */
    boolean isTestable() {
        return !check.accepts(question);
    }

    /** Returns a line of a held-out file; {@code before} are the messages before the question. */
    String heldOut(List<Turn> before) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("kind", kind);
        json.put("topic", topic);
        json.put("form", form);
        json.put("thing", thing);
        json.put("messages", Turn.json(before, Turn.user(question)));
        json.put("answer", answer);
        json.put("check", check.json());
        return JsonText.of(json);
    }
}
