/** JSON text to maps, lists and values, and back. May use nothing but the JDK. */
package io.github.t6j.json;
