/**
 * RFC 7240: whether a preference is among those of the request. What is asked for in a way that nobody knows (a value,
 * here) is ignored, as section 2 has it; a parameter changes nothing.
 */
export function prefers(header: string | string[] | undefined, name: string): boolean {
  // Commas may stand inside quotes; an open one goes on to the end.
  const bare = String(header ?? '').replace(/"(?:[^"\\]|\\.)*(?:"|$)/g, '""');
  return bare.split(',').some(preference => {
    const [token = '', value = ''] = (preference.split(';')[0] ?? '').split('=').map(part => part.trim());
    return token.toLowerCase() === name && (value === '' || value === '""');
  });
}
