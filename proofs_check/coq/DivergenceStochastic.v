(* Where Adam diverges on average: on [-1, 1] the slope is C with probability p, else -u, 0 < u <= C, independently.
   Adam with a constant step, x_t = clip(x_{t-1} - alpha m_t/sqrt(eps + v_t)). With K = reach of Divergence.v,
       drift = (1-beta1) (1-p) u/sqrt(eps + E g^2) - p K,
   m_t/sqrt(eps + v_t) is at most -drift on average, and if alpha K <= 1
       (1/T) sum_{t<T} E(1 - x_t) + drift/K <= 2 + 2/(alpha K T).
   So where drift > 0 the mean loss (p C - (1-p) u) x stays above its least value by (p C - (1-p) u) drift/K on average, up to
   1/T; for every beta1 < sqrt(beta2) there are C and p with p C > (1-p) u and drift > 0 (stochastic_losses_exist).
   Outcome 0 of a draw is the slope C, outcome 1 the slope -u. *)
From Coq Require Import Reals Lra Lia Psatz List.
From Mada Require Import Sums Expectation Regret Divergence.
Import ListNotations.
Local Open Scope R_scope.

Definition law (p : R) (k : nat) : R := match k with O => p | S _ => 1 - p end.
Definition slope (C u : R) (k : nat) : R := match k with O => C | S _ => - u end.

Fixpoint moment (beta : R) (y : nat -> R) (h : hist) : R :=
  match h with [] => 0 | k :: h => beta * moment beta y h + (1 - beta) * y k end.

Definition direction (eps beta1 beta2 C u : R) (h : hist) : R :=
  moment beta1 (slope C u) h / sqrt (eps + moment beta2 (fun k => (slope C u k)²) h).

Fixpoint adam_path (alpha eps beta1 beta2 C u x0 : R) (h : hist) : R :=
  match h with
  | [] => x0
  | k :: h => clip (-1) 1 (adam_path alpha eps beta1 beta2 C u x0 h - alpha * direction eps beta1 beta2 C u (k :: h))
  end.

Definition second (p C u : R) : R := p * C² + (1 - p) * u².
Definition drift (eps beta1 beta2 p C u : R) : R :=
  (1 - beta1) * (1 - p) * u / sqrt (eps + second p C u) - p * reach beta1 beta2.

Section Stochastic.
Variables (alpha eps beta1 beta2 p C u x0 : R).
Hypothesis alpha_pos : 0 < alpha.
Hypothesis eps_nonneg : 0 <= eps.
Hypothesis beta1_01 : 0 <= beta1 < 1.
Hypothesis beta2_01 : 0 < beta2 < 1.
Hypothesis beta1_beta2 : beta1 < sqrt beta2.
Hypothesis p_01 : 0 <= p <= 1.
Hypothesis u_pos : 0 < u <= C.
Hypothesis x0_in : -1 <= x0 <= 1.
Let K := reach beta1 beta2.
Hypothesis short : alpha * K <= 1.
Let s := sqrt beta2.
Let gam := beta1 / s.
Let kap := (1 - beta1) / sqrt (1 - beta2).
Let y := fun k => (slope C u k)².
Let M := moment beta1 (slope C u).
Let V := moment beta2 y.
Let X := adam_path alpha eps beta1 beta2 C u x0.

Local Lemma s_pos : 0 < s.
Proof. apply sqrt_lt_R0. lra. Qed.
Local Lemma gam_01 : 0 <= gam < 1.
Proof.
  pose proof s_pos. unfold gam. split; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; auto]|].
  apply Rmult_lt_reg_r with s; [auto|]. replace (beta1 / s * s) with beta1 by (field; lra). fold s in beta1_beta2. lra.
Qed.
Local Lemma kap_pos : 0 < kap.
Proof. apply Rdiv_lt_0_compat; [lra | apply sqrt_lt_R0; lra]. Qed.
Local Lemma K_is : K * (1 - gam) = kap /\ 0 < K.
Proof.
  pose proof gam_01 as G. pose proof kap_pos as Q. pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as W.
  assert (E : K = kap * / (1 - gam)).
  { unfold K, reach, kap. fold s gam. field. lra. }
  split; [rewrite E; field; lra|]. rewrite E. apply Rmult_lt_0_compat; [auto|]. apply Rinv_0_lt_compat. lra.
Qed.

Local Lemma y_nonneg k : 0 <= y k.
Proof. apply Rle_0_sqr. Qed.
Local Lemma V_nonneg h : 0 <= V h.
Proof. induction h as [|k h IH]; unfold V in *; simpl; [lra|]. pose proof (y_nonneg k). nra. Qed.
Local Lemma V_pos k h : 0 < eps + V (k :: h).
Proof.
  pose proof (V_nonneg h) as H. unfold V in *. simpl. assert (0 < y k) by (unfold y, slope, Rsqr; destruct k; nra). nra.
Qed.

(* What the past leaves: sqrt(beta2) times the root of the old denominator, and sqrt(1-beta2) times the new slope. *)
Local Lemma root_old k h : s * sqrt (eps + V h) <= sqrt (eps + V (k :: h)).
Proof.
  unfold s. rewrite <- sqrt_mult_alt by lra. apply sqrt_le_1_alt.
  change (V (k :: h)) with (beta2 * V h + (1 - beta2) * y k).
  pose proof (y_nonneg k). pose proof (Rmult_le_pos (1 - beta2) _ ltac:(lra) H).
  pose proof (Rmult_le_pos (1 - beta2) _ ltac:(lra) eps_nonneg). lra.
Qed.
Local Lemma root_new k h : sqrt (1 - beta2) * Rabs (slope C u k) <= sqrt (eps + V (k :: h)).
Proof.
  rewrite <- (sqrt_Rsqr_abs (slope C u k)). rewrite <- sqrt_mult_alt by lra. apply sqrt_le_1_alt.
  change (V (k :: h)) with (beta2 * V h + (1 - beta2) * y k). fold (y k).
  pose proof (Rmult_le_pos beta2 _ ltac:(lra) (V_nonneg h)). lra.
Qed.
Local Lemma old_part k h z N : 0 <= N -> z <= N * sqrt (eps + V h) -> beta1 * z <= gam * N * sqrt (eps + V (k :: h)).
Proof.
  intros HN H. pose proof (root_old k h) as R. pose proof gam_01. pose proof s_pos.
  apply Rle_trans with (gam * N * (s * sqrt (eps + V h))).
  - replace (gam * N * (s * sqrt (eps + V h))) with (beta1 * (N * sqrt (eps + V h))) by (unfold gam; field; lra).
    apply Rmult_le_compat_l; lra.
  - apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | auto].
Qed.
Local Lemma new_part k h : (1 - beta1) * Rabs (slope C u k) <= kap * sqrt (eps + V (k :: h)).
Proof.
  pose proof (root_new k h) as R. pose proof (sqrt_lt_R0 (1 - beta2) ltac:(lra)) as W.
  replace ((1 - beta1) * Rabs (slope C u k)) with (kap * (sqrt (1 - beta2) * Rabs (slope C u k)))
    by (unfold kap; field; lra).
  apply Rmult_le_compat_l; [left; apply kap_pos | auto].
Qed.

(* |m_t| <= K sqrt(eps + v_t). *)
Local Lemma M_abs h : Rabs (M h) <= K * sqrt (eps + V h).
Proof.
  destruct K_is as [E KP]. induction h as [|k h IH].
  - unfold M. simpl. rewrite Rabs_R0. apply Rmult_le_pos; [lra | apply sqrt_pos].
  - change (M (k :: h)) with (beta1 * M h + (1 - beta1) * slope C u k).
    apply Rle_trans with (1 := Rabs_triang _ _). rewrite !Rabs_mult, (Rabs_right beta1), (Rabs_right (1 - beta1)) by lra.
    pose proof (old_part k h _ K ltac:(lra) IH). pose proof (new_part k h). nra.
Qed.

Local Lemma direction_is k h : direction eps beta1 beta2 C u (k :: h) = M (k :: h) / sqrt (eps + V (k :: h)).
Proof. reflexivity. Qed.

Local Lemma direction_low k h : - K <= direction eps beta1 beta2 C u (k :: h).
Proof.
  rewrite direction_is. pose proof (sqrt_lt_R0 _ (V_pos k h)) as P. pose proof (M_abs (k :: h)) as A.
  apply Rmult_le_reg_r with (sqrt (eps + V (k :: h))); [auto|].
  replace (M (k :: h) / sqrt (eps + V (k :: h)) * sqrt (eps + V (k :: h))) with (M (k :: h)) by (field; lra).
  revert A. unfold Rabs. destruct (Rcase_abs _); lra.
Qed.

(* The slopes C push down by at most N, an average of which is p K. *)
Fixpoint pushes (h : hist) : R :=
  match h with [] => 0 | k :: h => gam * pushes h + kap * match k with O => 1 | S _ => 0 end end.

Local Lemma pushes_nonneg h : 0 <= pushes h.
Proof.
  induction h as [|k h IH]; simpl; [lra|]. pose proof gam_01. pose proof kap_pos. destruct k; nra.
Qed.

Local Lemma M_up h : M h <= pushes h * sqrt (eps + V h).
Proof.
  induction h as [|k h IH].
  - unfold M. simpl. lra.
  - change (M (k :: h)) with (beta1 * M h + (1 - beta1) * slope C u k). cbn [pushes].
    pose proof (old_part k h _ _ (pushes_nonneg h) IH) as A. pose proof (new_part k h) as B.
    destruct k as [|k]; simpl slope in *.
    + rewrite Rabs_right in B by lra. lra.
    + assert (0 <= (1 - beta1) * u) by (apply Rmult_le_pos; lra). lra.
Qed.

(* 1/sqrt is above its tangent. *)
Lemma inverse_root_tangent z r : 0 < z -> 0 < r -> 3 / 2 / sqrt r - z / (2 * r * sqrt r) <= 1 / sqrt z.
Proof.
  intros Hz Hr. pose proof (sqrt_lt_R0 z Hz) as A. pose proof (sqrt_lt_R0 r Hr) as B.
  rewrite <- (sqrt_sqrt z) at 1 by lra. rewrite <- (sqrt_sqrt r) at 2 by lra.
  set (a := sqrt z) in *. set (b := sqrt r) in *. apply Rmult_le_reg_r with (2 * a * (b * b * b)).
  { repeat apply Rmult_lt_0_compat; lra. }
  replace ((3 / 2 / b - a * a / (2 * (b * b) * b)) * (2 * a * (b * b * b))) with (3 * a * (b * b) - a * a * a)
    by (field; lra).
  replace (1 / a * (2 * a * (b * b * b))) with (2 * (b * b * b)) by (field; lra).
  assert (0 <= (a - b) * (a - b) * (a + 2 * b)); [|lra]. apply Rmult_le_pos; [apply Rle_0_sqr | lra].
Qed.

Let q := eps + second p C u.
Local Lemma second_u : u² <= second p C u.
Proof. unfold second, Rsqr. assert (u * u <= C * C) by nra. nra. Qed.
Local Lemma q_pos : 0 < q.
Proof. unfold q. pose proof second_u. assert (0 < u²) by (unfold Rsqr; nra). lra. Qed.

Let up_part (k : nat) (h : hist) : R :=
  match k with O => 0 | S _ => (1 - beta1) * u * (3 / 2 / sqrt q - (eps + V (k :: h)) / (2 * q * sqrt q)) end.

Local Lemma direction_up k h :
  direction eps beta1 beta2 C u (k :: h) <= pushes (k :: h) - up_part k h.
Proof.
  rewrite direction_is. pose proof (V_pos k h) as VP. pose proof (sqrt_lt_R0 _ VP) as P.
  change (M (k :: h)) with (beta1 * M h + (1 - beta1) * slope C u k).
  pose proof (old_part k h _ _ (pushes_nonneg h) (M_up h)) as A. pose proof (new_part k h) as B.
  pose proof (inverse_root_tangent _ q VP q_pos) as T.
  set (Z := sqrt (eps + V (k :: h))) in *.
  assert (D : beta1 * M h / Z <= gam * pushes h).
  { apply Rmult_le_reg_r with Z; [auto|]. replace (beta1 * M h / Z * Z) with (beta1 * M h) by (field; lra). lra. }
  cbn [pushes]. destruct k as [|k]; simpl slope in *; unfold up_part.
  - rewrite Rabs_right in B by lra.
    assert (D2 : (1 - beta1) * C / Z <= kap).
    { apply Rmult_le_reg_r with Z; [auto|]. replace ((1 - beta1) * C / Z * Z) with ((1 - beta1) * C) by (field; lra). lra. }
    replace ((beta1 * M h + (1 - beta1) * C) / Z) with (beta1 * M h / Z + (1 - beta1) * C / Z) by (field; lra). lra.
  - replace ((beta1 * M h + (1 - beta1) * - u) / Z) with (beta1 * M h / Z - (1 - beta1) * u * (1 / Z)) by (field; lra).
    assert (0 <= (1 - beta1) * u) by (apply Rmult_le_pos; lra).
    pose proof (Rmult_le_compat_l _ _ _ H T). lra.
Qed.

(* Averages. *)
Local Lemma law_pos k : (k < 2)%nat -> 0 <= law p k.
Proof. intros _. unfold law. destruct k; lra. Qed.
Local Lemma law_one : sum 2 (law p) = 1.
Proof. simpl. lra. Qed.
Let E (t : nat) (Y : hist -> R) : R := Exp 2 (law p) t Y [].

Local Lemma average_of_moments t : E t V <= second p C u.
Proof.
  unfold E. induction t as [|t IH].
  - simpl. unfold V. simpl. pose proof second_u. pose proof (Rle_0_sqr u). lra.
  - rewrite Exp_last. rewrite (Exp_ext 2 (law p) law_pos t _ (fun h => (1 - beta2) * second p C u - (- beta2) * V h)); auto.
    + rewrite Exp_lin, Exp_const by apply law_one. nra.
    + constructor.
    + intros h _ _. unfold Ex. simpl. change (moment beta2 y h) with (V h). unfold V. simpl. fold V. unfold y, second. simpl.
      rewrite <- Rsqr_neg. ring.
Qed.

Local Lemma average_of_pushes t : E t pushes <= p * K.
Proof.
  destruct K_is as [EK KP]. unfold E. induction t as [|t IH].
  - simpl. apply Rmult_le_pos; lra.
  - rewrite Exp_last. rewrite (Exp_ext 2 (law p) law_pos t _ (fun h => p * kap - (- gam) * pushes h)); auto.
    + rewrite Exp_lin, Exp_const by apply law_one. pose proof gam_01. nra.
    + constructor.
    + intros h _ _. unfold Ex. simpl. ring.
Qed.

Theorem mean_direction t : E (S t) (direction eps beta1 beta2 C u) <= - drift eps beta1 beta2 p C u.
Proof.
  pose proof q_pos as Q. pose proof (sqrt_lt_R0 q Q) as SQ. pose proof (average_of_pushes (S t)) as P.
  set (c := (1 - beta1) * u * (1 - p)). assert (C0 : 0 <= c) by (unfold c; repeat apply Rmult_le_pos; lra).
  set (G := fun h => 3 / 2 / sqrt q - (eps + (1 - beta2) * u² + beta2 * V h) / (2 * q * sqrt q)).
  assert (S1 : E (S t) (direction eps beta1 beta2 C u) <= E (S t) pushes - c * E t G).
  { unfold E at 1 2. rewrite !Exp_last. unfold E. rewrite <- Exp_lin. apply Exp_le; [apply law_pos | constructor|].
    intros h _ _. unfold Ex. cbn [sum law].
    pose proof (direction_up 0 h) as D0. pose proof (direction_up 1 h) as D1. unfold up_part in D0, D1.
    assert (EV : eps + V (1%nat :: h) = eps + (1 - beta2) * u² + beta2 * V h).
    { unfold V. simpl. fold V. unfold y. simpl. rewrite <- Rsqr_neg. ring. }
    rewrite EV in D1. fold (G h) in D1.
    pose proof (Rmult_le_compat_l p _ _ ltac:(lra) D0). pose proof (Rmult_le_compat_l (1 - p) _ _ ltac:(lra) D1).
    unfold c. lra. }
  assert (S2 : 1 / sqrt q <= E t G).
  { unfold E, G.
    rewrite (Exp_ext 2 (law p) law_pos t _
      (fun h => (3 / 2 / sqrt q - (eps + (1 - beta2) * u²) / (2 * q * sqrt q)) - beta2 / (2 * q * sqrt q) * V h)).
    2:{ constructor. }
    2:{ intros h _ _. field. lra. }
    rewrite Exp_lin, Exp_const by apply law_one. pose proof (average_of_moments t) as A. unfold E in A.
    assert (B : eps + (1 - beta2) * u² + beta2 * Exp 2 (law p) t V [] <= q).
    { unfold q. pose proof second_u. nra. }
    replace (3 / 2 / sqrt q - (eps + (1 - beta2) * u²) / (2 * q * sqrt q) - beta2 / (2 * q * sqrt q) * Exp 2 (law p) t V [])
      with (3 / 2 / sqrt q - (eps + (1 - beta2) * u² + beta2 * Exp 2 (law p) t V []) / (2 * q * sqrt q)) by (field; lra).
    assert ((eps + (1 - beta2) * u² + beta2 * Exp 2 (law p) t V []) / (2 * q * sqrt q) <= q / (2 * q * sqrt q)).
    { apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; nra | auto]. }
    replace (q / (2 * q * sqrt q)) with (1 / 2 / sqrt q) in * by (field; lra).
    replace (1 / sqrt q) with (3 / 2 / sqrt q - 1 / 2 / sqrt q) by (field; lra). lra. }
  pose proof (Rmult_le_compat_l c _ _ C0 S2) as S3. unfold drift. fold K q.
  replace ((1 - beta1) * (1 - p) * u / sqrt q) with (c * (1 / sqrt q)) by (unfold c; field; lra). lra.
Qed.

Local Lemma X_in h : -1 <= X h <= 1.
Proof. destruct h as [|k h]; simpl; [auto|]. apply clip_in. lra. Qed.

(* One step: the wall at 1 returns at most alpha K, and only near it. *)
Local Lemma one_step k h :
  1 - X (k :: h) <= 1 - X h + alpha * direction eps beta1 beta2 C u (k :: h) + alpha * K * (1 + X h).
Proof.
  pose proof (X_in h) as B. pose proof (direction_low k h) as D. destruct K_is as [_ KP].
  assert (E1 : X (k :: h) = clip (-1) 1 (X h - alpha * direction eps beta1 beta2 C u (k :: h))) by reflexivity.
  rewrite E1. set (z := direction eps beta1 beta2 C u (k :: h)) in *.
  assert (AK : 0 <= alpha * K <= 1) by nra. assert (AZ : - (alpha * K) <= alpha * z) by nra.
  assert (0 <= alpha * K * (1 + X h)) by (apply Rmult_le_pos; lra).
  unfold clip, Rmin, Rmax. repeat destruct (Rle_dec _ _); try lra. nra.
Qed.

Theorem mean_distance T : (0 < T)%nat ->
  / INR T * sum T (fun t => Exp 2 (law p) t (fun h => 1 - adam_path alpha eps beta1 beta2 C u x0 h) [])
    + drift eps beta1 beta2 p C u / reach beta1 beta2
  <= 2 + 2 / (alpha * reach beta1 beta2 * INR T).
Proof.
  intros HT. destruct K_is as [_ KP]. fold X K. set (dr := drift eps beta1 beta2 p C u).
  assert (N : 0 < INR T) by (apply lt_0_INR; auto).
  assert (S0 : forall n, E n (fun h => 1 - X h)
    <= 1 - x0 + INR n * (2 * (alpha * K) - alpha * dr) - alpha * K * sum n (fun t => E t (fun h => 1 - X h))).
  { induction n as [|n IH]; [unfold E, X; simpl; lra|]. rewrite sum_S, S_INR.
    assert (L : E (S n) (fun h => 1 - X h) <= E n (fun h => 1 - X h) + alpha * E (S n) (direction eps beta1 beta2 C u)
                 + alpha * K * (2 - E n (fun h => 1 - X h))).
    { unfold E. rewrite !Exp_last.
      apply Rle_trans with (Exp 2 (law p) n (fun h => (alpha * Ex 2 (law p) (fun k => direction eps beta1 beta2 C u (k :: h))
        + 2 * (alpha * K)) - (alpha * K - 1) * (1 - X h)) []).
      - apply Exp_le; [apply law_pos | constructor|]. intros h _ _. unfold Ex. cbn [sum law].
        pose proof (one_step 0 h) as D0. pose proof (one_step 1 h) as D1.
        pose proof (Rmult_le_compat_l p _ _ ltac:(lra) D0). pose proof (Rmult_le_compat_l (1 - p) _ _ ltac:(lra) D1). lra.
      - rewrite Exp_lin, Exp_plus, Exp_scal, Exp_const by apply law_one. lra. }
    pose proof (mean_direction n) as MD. fold dr in MD.
    pose proof (Rmult_le_compat_l alpha _ _ ltac:(lra) MD). lra. }
  specialize (S0 T). assert (P : 0 <= E T (fun h => 1 - X h)).
  { unfold E. apply Exp_nonneg; [apply law_pos | apply law_one | constructor|]. intros h _. pose proof (X_in h). lra. }
  fold (E). change (/ INR T * sum T (fun t => E t (fun h => 1 - X h)) + dr / K <= 2 + 2 / (alpha * K * INR T)).
  set (Y := sum T (fun t => E t (fun h => 1 - X h))) in *.
  assert (AKN : 0 < alpha * K * INR T) by (apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat|]; auto).
  apply Rmult_le_reg_r with (alpha * K * INR T); [auto|].
  replace ((/ INR T * Y + dr / K) * (alpha * K * INR T)) with (alpha * K * Y + INR T * (alpha * dr)) by (field; lra).
  replace ((2 + 2 / (alpha * K * INR T)) * (alpha * K * INR T)) with (INR T * (2 * (alpha * K)) + 2) by (field; lra).
  lra.
Qed.
End Stochastic.

(* p = 2/(C+1), u = 1: the mean slope is 1, and drift > 0 once C is large. *)
Theorem stochastic_losses_exist eps beta1 beta2 : 0 <= eps <= 1 -> 0 <= beta1 < 1 -> 0 < beta2 < 1 -> beta1 < sqrt beta2 ->
  exists C p, 1 <= C /\ 0 <= p <= 1 /\ p * C - (1 - p) * 1 = 1 /\ 0 < drift eps beta1 beta2 p C 1.
Proof.
  intros He H1 H2 H12. set (K := reach beta1 beta2). set (z := K / (1 - beta1)).
  set (C := 4 + 32 * (z * z)). exists C, (2 / (C + 1)).
  assert (C4 : 4 <= C) by (unfold C; nra).
  assert (P : 0 <= 2 / (C + 1) <= 1 / 2).
  { split; [left; apply Rdiv_lt_0_compat; lra|]. apply Rmult_le_reg_r with (C + 1); [lra|].
    replace (2 / (C + 1) * (C + 1)) with 2 by (field; lra). lra. }
  split; [lra|]. split; [lra|]. split; [field; lra|].
  unfold drift. fold K. set (q := eps + second (2 / (C + 1)) C 1).
  assert (PC : 2 / (C + 1) * (C + 1) = 2) by (field; lra).
  assert (Q : 0 < q <= 2 * (C + 1)).
  { assert (E : q = eps + 2 * C - 2 / (C + 1) * C + (1 - 2 / (C + 1))) by (unfold q, second, Rsqr; field; lra).
    assert (1 <= 2 / (C + 1) * C <= 2) by lra. split; lra. }
  pose proof (sqrt_lt_R0 q ltac:(lra)) as SQ.
  assert (L : 4 * K * sqrt q < (1 - beta1) * (C + 1)).
  { replace K with (z * (1 - beta1)) by (unfold z; field; lra).
    replace (4 * (z * (1 - beta1)) * sqrt q) with ((1 - beta1) * (4 * z * sqrt q)) by ring.
    apply Rmult_lt_compat_l; [lra|].
    destruct (Rle_dec z 0) as [Z | Z].
    { assert (0 <= - z * sqrt q) by (apply Rmult_le_pos; lra). lra. }
    apply Rsqr_incrst_0; [|apply Rmult_le_pos; lra|lra]. rewrite !Rsqr_mult, Rsqr_sqrt by lra. unfold Rsqr.
    apply Rle_lt_trans with (4 * 4 * (z * z) * (2 * (C + 1))); [apply Rmult_le_compat_l; nra|].
    replace (4 * 4 * (z * z) * (2 * (C + 1))) with ((32 * (z * z)) * (C + 1)) by ring.
    apply Rmult_lt_compat_r; [lra | unfold C; lra]. }
  apply Rmult_lt_reg_r with (sqrt q * (C + 1)); [apply Rmult_lt_0_compat; lra|]. rewrite Rmult_0_l.
  replace (((1 - beta1) * (1 - 2 / (C + 1)) * 1 / sqrt q - 2 / (C + 1) * K) * (sqrt q * (C + 1)))
    with ((1 - beta1) * (C + 1) * (1 - 2 / (C + 1)) - 2 * (K * sqrt q)) by (field; lra).
  assert ((1 - beta1) * (C + 1) * (1 / 2) <= (1 - beta1) * (C + 1) * (1 - 2 / (C + 1))); [|lra].
  apply Rmult_le_compat_l; [apply Rmult_le_pos|]; lra.
Qed.
