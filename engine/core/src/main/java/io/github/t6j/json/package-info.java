/** Conversion of JSON text to maps, lists and values, and back. May use only the JDK. */
package io.github.t6j.json;
